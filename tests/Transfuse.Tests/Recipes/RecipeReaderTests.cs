using Transfuse.Recipes;
using Transfuse.Tensors.Optimizers;

namespace Transfuse.Tests.Recipes;

public sealed class RecipeReaderTests
{
    private const string Head = "recipe: train/1\nname: t\nmodel: { architecture: llama }\ncorpus: {}\n";

    [Fact]
    public void A_whole_recipe_becomes_records()
    {
        var recipe = Assert.IsType<FuseRecipe>(RecipeReader.Read(
            """
            recipe: fuse/1
            name: f
            seed: 7
            target: models/base
            sources:
              - models/a
              - { architecture: mpt, name: b, domain: law, hidden: 64, heads: 2, train: { steps: 1_000, schedule: linear } }
            corpus:
              source: files
              domains:
                - { name: law, files: law.jsonl, field: body }
                - { name: code, files: [a.txt, "b/*.txt"] }
              limit: 2_000
            distributions: { top_k: 32, top_p: 0.99 }
            alignment: { sequence: dtw_fuse_llm, vocabulary: min_edit, fallback: current, duplicates: first }
            fusion: { function: avg_ce, granularity: block, unit: token, label_weight: 0.9, rest: renormalise }
            train: { learning_rate: 1.0e-5, recompute: true }
            evaluate: { window: 256, stride: 128 }
            baselines: []
            """,
            "f.yaml"));
        Assert.Equal(("f", 7L, "models/base"), (recipe.Name, recipe.Seed, recipe.Target.Model));
        Assert.Equal("models/a", recipe.Sources[0].Model);
        Assert.Null(recipe.Sources[0].Train);
        Assert.Equal(("mpt", 64, "law", 1000), (recipe.Sources[1].Architecture, recipe.Sources[1].Hidden, recipe.Sources[1].Domain, recipe.Sources[1].Train!.Steps));
        Assert.Equal(ScheduleKind.Linear, recipe.Sources[1].Train!.Schedule);
        Assert.Equal((CorpusKind.Files, 2000), (recipe.Corpus.Source, recipe.Corpus.Limit));
        Assert.Equal(["law.jsonl"], recipe.Corpus.Domains[0].Files);
        Assert.Equal("body", recipe.Corpus.Domains[0].Field);
        Assert.Equal(["a.txt", "b/*.txt"], recipe.Corpus.Domains[1].Files);
        Assert.Equal(new DistributionsSection { TopK = 32, TopP = 0.99 }, recipe.Distributions);
        Assert.Equal((SequenceAlignmentMode.DtwFuseLlm, VocabularyMapMode.MinEdit, UnalignedMode.Current, DuplicateMode.First), (recipe.Alignment.Sequence, recipe.Alignment.Vocabulary, recipe.Alignment.Fallback, recipe.Alignment.Duplicates));
        Assert.Equal(new FusionSection { Function = FusionMode.AvgCe, Granularity = FusionGranularity.Block, Unit = FusionUnit.Token, LabelWeight = 0.9, Rest = RestMode.Renormalise }, recipe.Fusion);
        Assert.Equal(new TrainSection { LearningRate = 1e-5, Recompute = true }, recipe.Train);
        Assert.Equal(new EvaluateSection { Window = 256, Stride = 128 }, recipe.Evaluate);
        Assert.Empty(recipe.Baselines);
    }

    [Fact]
    public void What_is_left_out_has_its_default() =>
        Assert.Equal(
            new TrainRecipe { Name = "t", Model = new TrainedModelSection { Architecture = "llama" } } with { Corpus = null! },
            (TrainRecipe)RecipeReader.Read(Head, "t.yaml") with { Corpus = null! });

    [Fact]
    public void All_problems_are_found_at_once_in_the_order_of_the_file()
    {
        var problems = Problems(
            """
            recipe: train/1
            model: { architecture: lama, hidden: wide }
            corpus: { domains: [a, { nam: b }], validation: 1.5 }
            train: { acumulate: 4, steps: 0, recompute: yes, steps: 5, schedule: cosin }
            trian: {}
            """);
        Assert.Equal(
            """
            r.yaml:1:1  key 'name' is missing — Names the run folder and the model card.
            r.yaml:2:24  'model.architecture' must be one of llama, mistral, qwen2, qwen3, olmo2, gemma, gpt_neox, mpt, gpt2, opt, found 'lama' — did you mean 'llama'?
            r.yaml:2:38  'model.hidden' must be a whole number, found 'wide'
            r.yaml:3:24  key 'name' is missing in 'corpus.domains.1' — Name of the domain in tables and for sources trained on it.
            r.yaml:3:26  unknown key 'nam' in 'corpus.domains.1' — did you mean 'name'?
            r.yaml:3:49  'corpus.validation' must be a number from 0, below 1, found '1.5'
            r.yaml:4:10  unknown key 'acumulate' in 'train' — did you mean 'accumulate'?
            r.yaml:4:31  'train.steps' must be a whole number at least 1, found '0'
            r.yaml:4:45  'train.recompute' must be true or false, found 'yes' — write true
            r.yaml:4:50  key 'steps' appears twice in 'train' — the first is in line 4
            r.yaml:4:70  'train.schedule' must be one of constant, linear, cosine, found 'cosin' — did you mean 'cosine'?
            r.yaml:5:1  unknown key 'trian' — did you mean 'train'?
            """,
            string.Join('\n', problems));
    }

    [Theory]
    [InlineData("train: 3", "r.yaml:5:8  'train' must be a section with keys, found '3'")]
    [InlineData("train: [1]", "r.yaml:5:8  'train' must be a section with keys, found a list")]
    [InlineData("train: { steps: '3' }", "r.yaml:5:17  'train.steps' must be a whole number, found '3'")]
    [InlineData("train: { steps: 99999999999 }", "r.yaml:5:17  'train.steps' must be a whole number at least 1, found '99999999999'")]
    [InlineData("train: { steps: [1] }", "r.yaml:5:17  'train.steps' must be a whole number, found a list")]
    [InlineData("train: { learning_rate: .nan }", "r.yaml:5:25  'train.learning_rate' must be a number, found '.nan'")]
    [InlineData("train: { learning_rate: 0 }", "r.yaml:5:25  'train.learning_rate' must be a number above 0, at most 1, found '0'")]
    [InlineData("train: { learning_rate: }", "r.yaml:5:25  'train.learning_rate' must be a number, found nothing")]
    [InlineData("train: { patience: 2, validate_every: 0 }", "r.yaml:5:20  patience needs measurements, but validate_every is 0 — set validate_every")]
    [InlineData("evaluate: { window: 8, stride: 9 }", "r.yaml:5:32  stride (9) is longer than window (8), so tokens would be left out")]
    [InlineData("train: { block: 1_024 }", "r.yaml:5:17  train.block (1024) is longer than the model's context (512)")]
    public void A_wrong_value_is_reported_at_its_place(string line, string expected) =>
        Assert.Equal(expected, Assert.Single(Problems(Head + line)).ToString());

    [Theory]
    [InlineData("{}", "r.yaml:3:8  a model needs either 'model' (an existing folder) or 'architecture' (to begin anew)")]
    [InlineData("{ model: a, layers: 2 }", "r.yaml:3:28  'layers' is for a new model, but 'model' names an existing one")]
    [InlineData("{ architecture: llama, hidden: 100, heads: 3 }", "r.yaml:3:51  hidden (100) is no multiple of heads (3)")]
    [InlineData("{ architecture: llama, hidden: 12, heads: 4 }", "r.yaml:3:50  a head would be 3 wide; rotary positions need an even width")]
    [InlineData("{ architecture: llama, heads: 4, key_value_heads: 3 }", "r.yaml:3:58  heads (4) is no multiple of key_value_heads (3)")]
    [InlineData("{ architecture: gpt_neox, key_value_heads: 2 }", "r.yaml:3:51  gpt_neox has as many heads of keys and values as heads")]
    public void Keys_of_a_model_must_fit_together(string model, string expected) =>
        Assert.StartsWith(expected, Assert.Single(Problems($"recipe: train/1\nname: t\nmodel: {model}\ncorpus: {{}}")).ToString(), StringComparison.Ordinal);

    [Theory]
    [InlineData("{ architecture: llama, domain: lax, train: {} }", "r.yaml:4:34  domain 'lax' is not in the corpus — did you mean 'law'?")]
    [InlineData("{ architecture: llama }", "r.yaml:4:19  a new source knows nothing yet: it needs 'train'")]
    [InlineData("{ model: a, domain: law }", "r.yaml:4:23  'domain' says what a source is trained on, but there is no 'train'")]
    public void Sources_must_be_usable(string source, string expected) =>
        Assert.StartsWith(
            expected,
            Assert.Single(Problems($"recipe: fuse/1\nname: t\nsources:\n- {source}\ncorpus: {{ domains: [law] }}\ntarget: x")).ToString(),
            StringComparison.Ordinal);

    [Theory]
    [InlineData("", "r.yaml:1:1  key 'recipe' is missing")]
    [InlineData("- a", "r.yaml:1:1  a recipe must be a section with keys, found a list")]
    [InlineData("recipe: fuze/1", "r.yaml:1:9  unknown kind of recipe 'fuze/1' — did you mean 'fuse/1'?")]
    [InlineData("recipe: fuse/9", "r.yaml:1:9  unknown kind of recipe 'fuse/9'")]
    [InlineData("a: b: c", "r.yaml:1:5  not valid YAML: ")]
    [InlineData("a: [1", "r.yaml:")]
    [InlineData("a: &x 1\nb: *x", "r.yaml:1:4  not valid YAML: anchors and aliases")]
    [InlineData("? [a]\n: b", "r.yaml:1:3  a key must be a word, found a list")]
    [InlineData("recipe: train/1\n---\nrecipe: train/1", "r.yaml:2:1  a second YAML document begins here")]
    [InlineData("a: [[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]", "r.yaml:1:20  not valid YAML: nested deeper than 16 levels")]
    public void What_is_no_recipe_is_refused_in_words(string yaml, string expected) =>
        Assert.StartsWith(expected, Problems(yaml)[0].ToString(), StringComparison.Ordinal);

    [Fact]
    public void Problems_carry_key_and_suggestion_by_themselves()
    {
        var problem = Assert.Single(Problems(Head + "train: { acumulate: 4 }"));
        Assert.Equal(new RecipeProblem("r.yaml", 5, 10, "train.acumulate", "unknown key 'acumulate' in 'train'", "did you mean 'accumulate'?"), problem);
    }

    [Fact]
    public void Inputs_are_checked_when_asked()
    {
        var exception = Assert.Throws<RecipeException>(() =>
            RecipeReader.Read("recipe: train/1\nname: t\nmodel: nowhere\ncorpus: {}", "r.yaml", pathExists: _ => false));
        Assert.StartsWith("r.yaml:3:8  'model.model' names 'nowhere', which does not exist", exception.Message, StringComparison.Ordinal);
    }

    private static IReadOnlyList<RecipeProblem> Problems(string yaml) =>
        Assert.Throws<RecipeException>(() => RecipeReader.Read(yaml, "r.yaml")).Problems;
}
