using System.Text;

namespace Transfuse.Cli.Hosting;

/// <summary>Everything outside the process that commands may touch; tests pass their own.</summary>
internal sealed record ToolEnvironment
{
    /// <summary>Where results go.</summary>
    public required TextWriter Output { get; init; }

    /// <summary>Where everything else goes.</summary>
    public required TextWriter Error { get; init; }

    /// <summary>Where lines of a chat come from.</summary>
    public TextReader Input { get; init; } = TextReader.Null;

    /// <summary>Whether a person types the input.</summary>
    public bool IsInputTerminal { get; init; }

    /// <summary>Whether results go to a terminal.</summary>
    public bool IsOutputTerminal { get; init; }

    /// <summary>Whether the rest goes to a terminal.</summary>
    public bool IsErrorTerminal { get; init; }

    /// <summary>Columns of the terminal; of a file, what lines are wrapped to.</summary>
    public int Width { get; init; } = 120;

    /// <summary>Reads an environment variable.</summary>
    public required Func<string, string?> Variable { get; init; }

    /// <summary>The folder that relative paths start from, before <c>-C</c>.</summary>
    public required string CurrentFolder { get; init; }

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Ctrl-C and its like.</summary>
    public required ITerminationSource Termination { get; init; }

    /// <summary>The real console and environment. Files get UTF-8 without a mark whatever the locale.</summary>
    internal static ToolEnvironment OfProcess(ITerminationSource termination)
    {
        if (Console.IsOutputRedirected)
        {
            Console.OutputEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);
        }

        return new ToolEnvironment
        {
            Output = Console.Out,
            Error = Console.Error,
            Input = Console.In,
            IsInputTerminal = !Console.IsInputRedirected,
            IsOutputTerminal = !Console.IsOutputRedirected,
            IsErrorTerminal = !Console.IsErrorRedirected,
            Width = TerminalWidth(),
            Variable = Environment.GetEnvironmentVariable,
            CurrentFolder = Environment.CurrentDirectory,
            Termination = termination,
        };
    }

    private static int TerminalWidth()
    {
        const int widthOfFiles = 120;
        if (Console.IsOutputRedirected && Console.IsErrorRedirected)
        {
            return widthOfFiles;
        }

        try
        {
            return Math.Max(40, Console.WindowWidth);
        }
        catch (IOException)
        {
            return widthOfFiles;
        }
    }
}
