using System.Text.Json.Nodes;
using Transfuse.Cli.Errors;
using Transfuse.Errors;
using Transfuse.Recipes;
using Transfuse.Tensors.Errors;

namespace Transfuse.Cli.Tests.Errors;

public sealed class ErrorPresenterTests
{
    public static TheoryData<Exception, int> Codes => new()
    {
        { new InvalidOperationException("bug"), 1 },
        { new UsageException("usage"), 2 },
        { new RecipeException([new RecipeProblem("a.yaml", 1, 2, "k", "m")]), 3 },
        { new TokenizerException("t.json", "bad"), 4 },
        { new CorpusException("c", "bad"), 4 },
        { new ModelFormatException("m", "bad"), 4 },
        { new ArtifactException("a", "bad"), 4 },
        { new CheckFailedException("diverged"), 5 },
        { new ResourceLimitException(2, 1, "tensor"), 6 },
        { new IOException("No space left on device", hresult: 28), 6 },
        { new ArtifactException("a", "cannot be written", new IOException("No space left on device", hresult: 28)), 6 },
    };

    [Theory]
    [MemberData(nameof(Codes))]
    public void Each_kind_of_exception_has_its_exit_code(Exception exception, int code) =>
        Assert.Equal(code, ErrorPresenter.Describe(exception).ExitCode);

    [Theory]
    [InlineData("unknown verb 'chekc' — did you mean 'check'?", "chekc", "a.yaml")]
    [InlineData("unknown flag '--jsn' — did you mean '--json'?", "doctor", "--jsn")]
    [InlineData("unexpected argument 'x'", "doctor", "x")]
    [InlineData("--threads must be a whole number of at least 0, found 'many'", "doctor", "--threads", "many")]
    [InlineData("--threads must be a whole number of at least 0, found '-1'", "doctor", "--threads", "-1")]
    [InlineData("--seed must be a whole number of at least 0, found '1e3'", "doctor", "--seed", "1e3")]
    public void A_wrong_command_line_exits_with_2_and_names_what_is_near(string expected, params string[] arguments)
    {
        using var tool = new ToolRunner();
        var (code, output, error) = tool.Run(arguments);
        Assert.Equal(2, code);
        Assert.Empty(output);
        Assert.StartsWith($"error: {expected}{Environment.NewLine}", error, StringComparison.Ordinal);
        Assert.Contains("--help'", error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_wrong_format_is_reported_and_not_stumbled_over()
    {
        using var tool = new ToolRunner();
        var (code, output, error) = tool.Run("doctor", "--format", "xml");
        Assert.Equal(2, code);
        Assert.Empty(output);
        Assert.Contains("xml", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--threads")]
    [InlineData("--format")]
    [InlineData("-C")]
    public void An_option_without_value_is_a_usage_error(string option)
    {
        using var tool = new ToolRunner();
        Assert.Equal(2, tool.Run("doctor", option).Code);
    }

    [Fact]
    public void With_json_an_error_is_an_object_on_stderr_and_stdout_stays_empty()
    {
        using var tool = new ToolRunner();
        var (code, output, error) = tool.Run("check", "none.yaml", "--json");
        Assert.Equal(4, code);
        Assert.Empty(output);
        var json = JsonNode.Parse(error)!;
        Assert.Equal("transfuse.error/1", (string?)json["schema"]);
        Assert.Equal(4, (int)json["exit_code"]!);
        Assert.Equal("none.yaml", (string?)json["path"]);
        Assert.Null(json["trace"]);
    }

    [Fact]
    public void The_stack_trace_appears_only_on_request()
    {
        using var tool = new ToolRunner();
        const string frame = "   at Transfuse.";
        Assert.DoesNotContain(frame, tool.Run("check", "none.yaml").Error, StringComparison.Ordinal);
        Assert.Contains(frame, tool.Run("check", "none.yaml", "-v").Error, StringComparison.Ordinal);
        tool.Variables["TRANSFUSE_DEBUG"] = "1";
        Assert.Contains(frame, tool.Run("check", "none.yaml").Error, StringComparison.Ordinal);
    }
}
