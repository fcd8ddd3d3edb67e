using System.Text.Json.Nodes;
using Transfuse.Recipes;

namespace Transfuse.Tests.Recipes;

public sealed class RecipeReferenceTests
{
    [Fact]
    public void Ranges_and_defaults_of_the_schema_are_those_of_the_reader()
    {
        var schema = RecipeReference.ToJsonSchema()["oneOf"]![0]!["properties"]!;
        var weight = schema["fusion"]!["properties"]!["label_weight"]!;
        Assert.Equal((0.0, 1.0, 0.5), ((double)weight["minimum"]!, (double)weight["maximum"]!, (double)weight["default"]!));
        Assert.Equal(["min_ce", "avg_ce"], schema["fusion"]!["properties"]!["function"]!["enum"]!.AsArray().Select(name => (string)name!));
        Assert.Equal(0.0, (double)schema["train"]!["properties"]!["learning_rate"]!["exclusiveMinimum"]!);
        Assert.False((bool)schema["train"]!["additionalProperties"]!);
        Assert.Equal(["recipe", "name", "corpus", "sources", "target"], RecipeReference.ToJsonSchema()["oneOf"]![0]!["required"]!.AsArray().Select(key => (string)key!));
    }

    [Fact]
    public void Every_key_is_described_in_one_line_and_stands_in_the_reference()
    {
        var markdown = RecipeReference.ToMarkdown();
        foreach (var key in RecipeReference.Keys())
        {
            Assert.True(key.Description.EndsWith('.') && !key.Description.Contains('\n', StringComparison.Ordinal), key.Path);
            Assert.Contains($"| `{key.Path.Split('.')[^1]}` |", markdown, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("train.steps", 2)]
    [InlineData("sources.train.steps", 1)]
    [InlineData("sources[].train.steps", 1)]
    [InlineData("evaluate", 6)]
    [InlineData("nothing", 0)]
    public void Keys_are_found_by_their_path(string path, int expected) => Assert.Equal(expected, RecipeReference.Find(path).Count);

    [Fact]
    public void An_optional_value_may_be_null_in_the_schema()
    {
        var limit = RecipeReference.ToJsonSchema()["oneOf"]![1]!["properties"]!["corpus"]!["properties"]!["limit"]!;
        Assert.Equal(["integer", "null"], limit["anyOf"]!.AsArray().Select(form => (string)((JsonObject)form!)["type"]!));
    }
}
