using System.Text.Json.Nodes;

namespace Transfuse.Cli.Tests.Commands;

public sealed class CheckVerbTests
{
    private const string Good = "recipe: train/1\nname: t\nmodel: { architecture: llama }\ncorpus: { source: sdk-docs }\n";
    private const string Bad = "recipe: train/1\nname: t\nmodel: { architecture: lama }\ncorpus: {}\ntrain: { acumulate: 2, steps: 0 }\n";

    [Fact]
    public void A_good_recipe_exits_with_0_and_names_the_next_command()
    {
        using var tool = new ToolRunner();
        var (code, output, error) = tool.Run("check", tool.Write("a.yaml", Good));
        Assert.Equal(0, code);
        Assert.Equal($"✓ a.yaml  train/1 't'{Environment.NewLine}", output);
        Assert.Contains("transfuse run a.yaml", error, StringComparison.Ordinal);
    }

    [Fact]
    public void All_problems_are_printed_with_position_and_the_exit_code_is_3()
    {
        using var tool = new ToolRunner();
        var (code, output, error) = tool.Run("check", tool.Write("b.yaml", Bad));
        Assert.Equal(3, code);
        Assert.Equal(
            """
            b.yaml:3:24  'model.architecture' must be one of llama, mistral, qwen2, qwen3, olmo2, gemma, gpt_neox, mpt, gpt2, opt, found 'lama' — did you mean 'llama'?
            b.yaml:5:10  unknown key 'acumulate' in 'train' — did you mean 'accumulate'?
            b.yaml:5:31  'train.steps' must be a whole number at least 1, found '0'
            """,
            output.ReplaceLineEndings("\n").TrimEnd());
        Assert.Contains("3 problems", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Json_holds_every_problem_and_nothing_else_is_on_stdout()
    {
        using var tool = new ToolRunner();
        var (code, output, _) = tool.Run("check", tool.Write("a.yaml", Good), tool.Write("b.yaml", Bad), "--json");
        Assert.Equal(3, code);
        var json = JsonNode.Parse(output)!;
        Assert.Equal("transfuse.check/1", (string?)json["schema"]);
        Assert.False((bool)json["valid"]!);
        Assert.Empty(json["recipes"]![0]!["problems"]!.AsArray());
        var problem = json["recipes"]![1]!["problems"]![1]!;
        Assert.Equal(("b.yaml", 5, 10, "train.acumulate"), ((string)problem["file"]!, (int)problem["line"]!, (int)problem["column"]!, (string)problem["key"]!));
    }

    [Fact]
    public void Settings_are_reported_as_the_command_line()
    {
        using var tool = new ToolRunner();
        var (code, output, _) = tool.Run("check", tool.Write("a.yaml", Good), "seed=3", "train.steps=many");
        Assert.Equal(3, code);
        Assert.StartsWith("command line:1:20  'train.steps' must be a whole number, found 'many'", output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_recipe_exits_with_4()
    {
        using var tool = new ToolRunner();
        var (code, output, error) = tool.Run("check", "nowhere.yaml");
        Assert.Equal(4, code);
        Assert.Empty(output);
        Assert.Contains("nowhere.yaml: no such file", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Inputs_that_do_not_exist_are_problems()
    {
        using var tool = new ToolRunner();
        var recipe = tool.Write("c.yaml", "recipe: train/1\nname: t\nmodel: models/none\ncorpus: { source: files, domains: [{ name: a, files: [a.txt, c.yaml, none/*.txt] }] }\n");
        var (code, output, _) = tool.Run("check", recipe);
        Assert.Equal(3, code);
        var lines = output.ReplaceLineEndings("\n").TrimEnd().Split('\n');
        Assert.Equal(3, lines.Length);
        Assert.StartsWith("c.yaml:3:8  'model.model' names 'models/none', which does not exist", lines[0], StringComparison.Ordinal);
        Assert.Contains("'a.txt'", lines[1], StringComparison.Ordinal);
        Assert.Contains("'none/*.txt'", lines[2], StringComparison.Ordinal);
    }

    [Fact]
    public void Only_settings_are_a_usage_error()
    {
        using var tool = new ToolRunner();
        Assert.Equal(2, tool.Run("check", "seed=3").Code);
    }

    [Fact]
    public void The_folder_option_moves_where_paths_start()
    {
        using var tool = new ToolRunner();
        Directory.CreateDirectory(Path.Combine(tool.Folder, "below"));
        tool.Write(Path.Combine("below", "a.yaml"), Good);
        Assert.Equal(0, tool.Run("-C", "below", "check", "a.yaml").Code);
        Assert.Equal(4, tool.Run("-C", "none", "check", "a.yaml").Code);
    }
}
