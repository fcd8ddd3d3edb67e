using Transfuse.Cli.Hosting;
using Transfuse.Cli.Output;
using Transfuse.Diagnostics;

namespace Transfuse.Cli.Tests.Output;

public sealed class ToolOutputTests
{
    private const char Escape = '\u001b';

    [Fact]
    public void Nothing_redirected_has_escape_sequences()
    {
        using var tool = new ToolRunner();
        foreach (var arguments in new string[][] { ["doctor"], ["nope"], ["init", "--list"], ["--help"] })
        {
            var (_, output, error) = tool.Run(arguments);
            Assert.DoesNotContain(Escape, output + error);
            Assert.DoesNotContain('\r', (output + error).Replace(Environment.NewLine, "\n", StringComparison.Ordinal));
        }
    }

    [Theory]
    [InlineData(null, null, true)]
    [InlineData("NO_COLOR", "1", false)]
    [InlineData("TERM", "dumb", false)]
    public void A_terminal_gets_colours_unless_refused(string? variable, string? value, bool expected)
    {
        using var tool = new ToolRunner { IsTerminal = true };
        if (variable is not null)
        {
            tool.Variables[variable] = value!;
        }

        Assert.Equal(expected, tool.Run("nope").Error.Contains($"{Escape}[", StringComparison.Ordinal));
    }

    [Fact]
    public void No_color_wins_over_a_terminal()
    {
        using var tool = new ToolRunner { IsTerminal = true };
        Assert.DoesNotContain(Escape, tool.Run("nope", "--no-color").Error);
    }

    [Fact]
    public void A_dumb_terminal_gets_ascii()
    {
        using var tool = new ToolRunner { IsTerminal = true, Variables = { ["TERM"] = "dumb" } };
        Assert.All(tool.Run("doctor").Output, character => Assert.True(char.IsAscii(character), $"'{character}'"));
    }

    [Fact]
    public void A_table_in_a_file_is_plain_text()
    {
        using var tool = new ToolRunner();
        using var writer = new StringWriter();
        Sink(tool, writer, writer).Table(new TextTable("model", "bits#").Row("[red]a[/]", "1.5").Row("b", "12.25"));
        var lines = writer.ToString().ReplaceLineEndings("\n").Split('\n');
        Assert.DoesNotContain(Escape, writer.ToString());
        Assert.Contains("│ [red]a[/] │   1.5 │", lines[3], StringComparison.Ordinal);
    }

    [Fact]
    public void Progress_goes_to_stderr_in_whole_lines_when_there_is_no_terminal()
    {
        using var tool = new ToolRunner();
        using var output = new StringWriter();
        using var error = new StringWriter();
        Sink(tool, output, error).WithProgress(progress =>
        {
            for (var i = 0; i <= 100; i++)
            {
                progress.Report(new ProgressEvent("capture [a]", i, 100, "tokens"));
            }

            return 0;
        });
        Assert.Empty(output.ToString());
        var lines = error.ToString().ReplaceLineEndings("\n").TrimEnd().Split('\n');
        Assert.Equal(2, lines.Length);
        Assert.StartsWith("capture [a]  0/100 tokens  0 %", lines[0], StringComparison.Ordinal);
        Assert.StartsWith("capture [a]  100/100 tokens  100 %", lines[1], StringComparison.Ordinal);
    }

    [Fact]
    public void Progress_on_a_terminal_draws_the_stage()
    {
        using var tool = new ToolRunner { IsTerminal = true };
        using var output = new StringWriter();
        using var error = new StringWriter();
        var result = Sink(tool, output, error).WithProgress(progress =>
        {
            progress.Report(new ProgressEvent("capture [a]", 100, 100, "tokens"));
            return 7;
        });
        Assert.Equal(7, result);
        Assert.Empty(output.ToString());
        Assert.Contains("capture [a]", error.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public void Progress_can_be_switched_off(bool isQuiet, bool noProgress)
    {
        using var tool = new ToolRunner();
        using var error = new StringWriter();
        var settings = new GlobalSettings { Folder = tool.Folder, Mode = isQuiet ? OutputMode.Quiet : OutputMode.Human, NoProgress = noProgress };
        new ToolOutput(tool.CreateEnvironment(TextWriter.Null, error), settings).WithProgress(progress =>
        {
            progress.Report(new ProgressEvent("a", 1, 1, "tokens"));
            return 0;
        });
        Assert.Empty(error.ToString());
    }

    private static ToolOutput Sink(ToolRunner tool, TextWriter output, TextWriter error) =>
        new(tool.CreateEnvironment(output, error), new GlobalSettings { Folder = tool.Folder });
}
