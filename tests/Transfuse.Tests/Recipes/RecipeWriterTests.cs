using Transfuse.Recipes;
using Transfuse.Tests.Shared;

namespace Transfuse.Tests.Recipes;

public sealed class RecipeWriterTests
{
    public static TheoryData<string> Recipes =>
        [.. Directory.GetFiles(Path.Combine(Golden.RepositoryRoot(), "recipes"), "*.yaml").Select(file => Path.GetFileName(file))];

    [Theory]
    [MemberData(nameof(Recipes))]
    public void The_resolved_recipe_has_every_key_and_reads_back_equal(string file)
    {
        var recipe = RecipeReader.Read(File.ReadAllText(Path.Combine(Golden.RepositoryRoot(), "recipes", file)), file);
        var resolved = RecipeWriter.ToResolvedYaml(recipe);
        var again = RecipeReader.Read(resolved, "recipe.resolved.yaml");
        Assert.Equal(resolved, RecipeWriter.ToResolvedYaml(again));
        foreach (var key in RecipeReference.Keys().Where(key => key.Kind == recipe.Kind && !key.Path.Contains('.', StringComparison.Ordinal)))
        {
            Assert.Contains($"{key.Path}:", resolved, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Defaults_are_marked_and_text_is_quoted_where_needed()
    {
        var recipe = RecipeReader.Read(
            "recipe: train/1\nname: t\nmodel: { architecture: llama, name: 'a: \"b\" #1' }\ncorpus: { source: files, domains: [{ name: 'true', files: ['x/*.txt', '12'] }] }\ntrain: { steps: 7 }",
            "t.yaml");
        var resolved = RecipeWriter.ToResolvedYaml(recipe);
        Assert.Contains("  steps: 7\n", resolved, StringComparison.Ordinal);
        Assert.Contains("  block: 256  # default\n", resolved, StringComparison.Ordinal);
        Assert.Contains("""  name: "a: \"b\" #1"  """.TrimEnd(), resolved, StringComparison.Ordinal);
        var again = (TrainRecipe)RecipeReader.Read(resolved, "t.yaml");
        Assert.Equal("a: \"b\" #1", again.Model.Name);
        Assert.Equal("true", again.Corpus.Domains[0].Name);
        Assert.Equal(["x/*.txt", "12"], again.Corpus.Domains[0].Files);
    }
}
