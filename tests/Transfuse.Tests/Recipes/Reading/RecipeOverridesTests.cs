using Transfuse.Recipes;

namespace Transfuse.Tests.Recipes.Reading;

public sealed class RecipeOverridesTests
{
    private const string Yaml = "recipe: fuse/1\nname: t\ncorpus: { domains: [a] }\ntarget: x\nsources:\n- { architecture: llama, train: { steps: 5 } }\n";

    [Fact]
    public void Settings_replace_add_and_reach_into_lists()
    {
        var recipe = (FuseRecipe)RecipeReader.Read(
            Yaml, "r.yaml", ["name=u", "sources.0.train.steps=9", "fusion.temperature=2", "corpus.domains=[b, c]", "target={ architecture: mpt, pretrain: { steps: 3 } }", "seed=1", "seed=2"]);
        Assert.Equal(("u", 9, 2.0, "mpt", 2L), (recipe.Name, recipe.Sources[0].Train!.Steps, recipe.Fusion.Temperature, recipe.Target.Architecture, recipe.Seed));
        Assert.Equal(["b", "c"], recipe.Corpus.Domains.Select(domain => domain.Name));
    }

    [Theory]
    [InlineData("train.stesp=3", "command line:1:1  unknown key 'stesp' in 'train' — did you mean 'steps'?")]
    [InlineData("train.steps=many", "command line:1:13  'train.steps' must be a whole number, found 'many'")]
    [InlineData("train.steps=", "command line:1:13  'train.steps' must be a whole number, found nothing")]
    [InlineData("steps", "command line:1:1  'steps' is no setting — write key=value, for example train.steps=200")]
    [InlineData("train..steps=1", "command line:1:1  'train..steps=1' is no setting — write key=value, for example train.steps=200")]
    [InlineData("sources.1.name=b", "command line:1:1  'sources' is a list of 1, found item '1' — items are numbered from 0")]
    [InlineData("name.first=b", "command line:1:1  'name' is 't', so it has no key 'first'")]
    [InlineData("train.steps=[1", "command line:1:14  not valid YAML: ")]
    public void Faults_are_reported_as_the_command_line(string setting, string expected)
    {
        var problem = Assert.Single(Assert.Throws<RecipeException>(() => RecipeReader.Read(Yaml, "r.yaml", [setting])).Problems);
        Assert.StartsWith(expected, problem.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Columns_count_over_all_settings_and_faults_of_the_file_come_first()
    {
        var problems = Assert.Throws<RecipeException>(() => RecipeReader.Read(Yaml + "x: 1", "r.yaml", ["seed=3", "seed=b"])).Problems;
        Assert.Equal(["r.yaml:7:1", "command line:1:13"], problems.Select(problem => $"{problem.File}:{problem.Line}:{problem.Column}"));
    }
}
