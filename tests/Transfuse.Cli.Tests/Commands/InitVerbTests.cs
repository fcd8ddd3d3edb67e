using System.Text.Json.Nodes;
using Transfuse.Cli.Commands;
using Transfuse.Recipes;
using Transfuse.Tests.Shared;

namespace Transfuse.Cli.Tests.Commands;

public sealed class InitVerbTests
{
    public static TheoryData<string> Templates => [.. RecipeTemplates.Names];

    [Theory]
    [MemberData(nameof(Templates))]
    public void A_template_is_the_file_of_the_recipes_folder_and_a_valid_recipe(string template)
    {
        using var tool = new ToolRunner();
        Assert.Equal(0, tool.Run("init", template, "my.yaml").Code);
        var written = File.ReadAllText(Path.Combine(tool.Folder, "my.yaml"));
        Assert.Equal(File.ReadAllText(Path.Combine(Golden.RepositoryRoot(), "recipes", $"{template}.yaml")), written);
        Assert.NotNull(RecipeReader.Read(written, "my.yaml"));
        Assert.Contains($"# Run:  transfuse run {template}.yaml", written, StringComparison.Ordinal);
        Assert.Contains("# Cost: ", written, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_recipe_of_the_repository_is_a_template()
    {
        var files = Directory.GetFiles(Path.Combine(Golden.RepositoryRoot(), "recipes"), "*.yaml").Select(file => Path.GetFileNameWithoutExtension(file)!);
        Assert.Equal(files.Order(StringComparer.Ordinal), RecipeTemplates.Names);
        Assert.NotEmpty(RecipeTemplates.Names);
    }

    [Fact]
    public void An_existing_file_is_overwritten_only_with_yes()
    {
        using var tool = new ToolRunner();
        tool.Write("a.yaml", "mine");
        var (code, output, error) = tool.Run("init", "train-tiny", "a.yaml");
        Assert.Equal(2, code);
        Assert.Empty(output);
        Assert.Contains("--yes", error, StringComparison.Ordinal);
        Assert.Equal("mine", File.ReadAllText(Path.Combine(tool.Folder, "a.yaml")));
        Assert.Equal(0, tool.Run("init", "train-tiny", "a.yaml", "--yes").Code);
        Assert.NotEqual("mine", File.ReadAllText(Path.Combine(tool.Folder, "a.yaml")));
    }

    [Fact]
    public void An_unknown_template_names_the_nearest()
    {
        using var tool = new ToolRunner();
        var (code, _, error) = tool.Run("init", "train-tny");
        Assert.Equal(2, code);
        Assert.Contains("did you mean 'train-tiny'?", error, StringComparison.Ordinal);
    }

    [Fact]
    public void The_list_is_json_on_request()
    {
        using var tool = new ToolRunner();
        var (code, output, error) = tool.Run("init", "--list", "--json");
        Assert.Equal(0, code);
        Assert.Empty(error);
        Assert.Equal(RecipeTemplates.Names, JsonNode.Parse(output)!["templates"]!.AsArray().Select(template => (string)template!["name"]!));
    }
}
