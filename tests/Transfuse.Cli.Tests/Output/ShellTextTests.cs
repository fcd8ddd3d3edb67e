using Transfuse.Cli.Output;

namespace Transfuse.Cli.Tests.Output;

public sealed class ShellTextTests
{
    [Theory]
    [InlineData("runs/demo-1/models/target_fused.gguf", "runs/demo-1/models/target_fused.gguf")]
    [InlineData("/home/zoé/run", "/home/zoé/run")]
    [InlineData("a b", "'a b'")]
    [InlineData("it's $HOME", "'it'\\''s $HOME'")]
    [InlineData("~", "'~'")]
    [InlineData("", "''")]
    public void What_a_shell_would_read_is_quoted(string text, string expected)
    {
        if (OperatingSystem.IsWindows())
        {
            expected = expected == text ? text : $"\"{text}\"";
        }

        Assert.Equal(expected, ShellText.Argument(text));
    }
}
