using System.Text.Json.Nodes;
using Transfuse.Tests.Shared;

namespace Transfuse.Cli.Tests.Commands;

public sealed class SchemaVerbTests
{
    [Fact]
    public void The_schema_is_one_json_object()
    {
        using var tool = new ToolRunner();
        var (code, output, error) = tool.Run("schema");
        Assert.Equal(0, code);
        Assert.Empty(error);
        Assert.Equal(2, JsonNode.Parse(output)!["oneOf"]!.AsArray().Count);
    }

    [Fact]
    public void The_reference_in_docs_is_what_the_tool_prints() =>
        Snapshot.Match(Run("--markdown"), "docs/recipes.md");

    [Fact]
    public void The_command_reference_in_docs_is_what_the_tool_prints() =>
        Snapshot.Match(Run("--commands"), "docs/cli.md");

    [Fact]
    public void Help_on_a_key_has_type_range_and_default()
    {
        using var tool = new ToolRunner();
        var (code, output, _) = tool.Run("schema", "fusion.label_weight");
        Assert.Equal(0, code);
        Assert.Contains("fusion.label_weight: number (from 0 to 1), default 0.5", output, StringComparison.Ordinal);
    }

    [Fact]
    public void Json_of_a_key_lists_the_keys_below_it()
    {
        using var tool = new ToolRunner();
        var json = JsonNode.Parse(tool.Run("schema", "evaluate", "--json").Output)!;
        Assert.Equal("transfuse.schema/1", (string?)json["schema"]);
        Assert.Contains(json["keys"]!.AsArray(), key => (string?)key!["key"] == "evaluate.stride");
    }

    [Fact]
    public void An_unknown_key_is_a_usage_error_with_suggestion()
    {
        using var tool = new ToolRunner();
        var (code, output, error) = tool.Run("schema", "train.learing_rate");
        Assert.Equal(2, code);
        Assert.Empty(output);
        Assert.Contains("did you mean 'train.learning_rate'?", error, StringComparison.Ordinal);
    }

    private static string Run(string option)
    {
        using var tool = new ToolRunner();
        return tool.Run("schema", option).Output;
    }
}
