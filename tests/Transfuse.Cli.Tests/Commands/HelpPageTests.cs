using Transfuse.Cli.Commands;
using Transfuse.Tests.Shared;

namespace Transfuse.Cli.Tests.Commands;

public sealed class HelpPageTests
{
    public static TheoryData<string> VerbNames => [.. Verbs.All().Select(verb => verb.Name)];

    [Theory]
    [MemberData(nameof(VerbNames))]
    public void Help_of_each_verb_is_as_expected(string verb)
    {
        using var tool = new ToolRunner();
        var (code, output, error) = tool.Run(verb, "--help");
        Assert.Equal(0, code);
        Assert.Empty(error);
        Assert.Contains("Example", output, StringComparison.Ordinal);
        Snapshot.Match(output, $"tests/Transfuse.Cli.Tests/Commands/Snapshots/help-{verb}.txt");
    }

    [Theory]
    [InlineData]
    [InlineData("--help")]
    public void Help_of_the_tool_is_as_expected(params string[] arguments)
    {
        using var tool = new ToolRunner();
        var (code, output, error) = tool.Run(arguments);
        Assert.Equal(0, code);
        Assert.Empty(error);
        Snapshot.Match(output, "tests/Transfuse.Cli.Tests/Commands/Snapshots/help.txt");
    }
}
