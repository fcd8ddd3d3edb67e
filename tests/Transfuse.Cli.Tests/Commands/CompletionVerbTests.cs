namespace Transfuse.Cli.Tests.Commands;

public sealed class CompletionVerbTests
{
    [Theory]
    [InlineData("bash", "complete -o default -F _transfuse transfuse")]
    [InlineData("zsh", "compdef _transfuse transfuse")]
    [InlineData("fish", "complete -c transfuse")]
    [InlineData("pwsh", "Register-ArgumentCompleter")]
    public void Each_shell_has_a_script_that_asks_the_tool(string shell, string expected)
    {
        using var tool = new ToolRunner();
        var (code, output, error) = tool.Run("completion", shell);
        Assert.Equal(0, code);
        Assert.Empty(error);
        Assert.Contains(expected, output, StringComparison.Ordinal);
        Assert.Contains("[suggest:", output, StringComparison.Ordinal);
    }

    [Fact]
    public void The_question_of_the_scripts_is_answered()
    {
        using var tool = new ToolRunner();
        var (code, output, _) = tool.Run("[suggest:13]", "transfuse che");
        Assert.Equal(0, code);
        Assert.Contains("check", output.ReplaceLineEndings("\n").Split('\n'));
    }

    [Fact]
    public void An_unknown_shell_is_a_usage_error()
    {
        using var tool = new ToolRunner();
        Assert.Equal(2, tool.Run("completion", "tcsh").Code);
    }
}
