using Spectre.Console;
using Transfuse.Cli.Hosting;

namespace Transfuse.Cli.Output;

/// <summary>What the terminal can do and the user allows.</summary>
internal sealed class TerminalAbilities
{
    private readonly bool _isDumb;
    private readonly bool _hasColor;
    private readonly int _width;

    internal TerminalAbilities(ToolEnvironment environment, GlobalSettings settings)
    {
        _isDumb = environment.Variable("TERM") is "dumb";
        _hasColor = !_isDumb && !settings.NoColor && string.IsNullOrEmpty(environment.Variable("NO_COLOR"));
        _width = environment.Width;
        HasUnicode = !_isDumb && environment.Output.Encoding.WebName.StartsWith("utf", StringComparison.OrdinalIgnoreCase);
        IsInteractive = environment.IsErrorTerminal && !_isDumb && string.IsNullOrEmpty(environment.Variable("CI"));
    }

    /// <summary>Whether marks beyond ASCII can be shown.</summary>
    internal bool HasUnicode { get; }

    /// <summary>Whether lines may be drawn again: a terminal that moves its cursor, and no build server.</summary>
    internal bool IsInteractive { get; }

    /// <summary>The terminal library's view of a stream. A stream that is no terminal gets no escape sequence.</summary>
    internal IAnsiConsole CreateConsole(TextWriter writer, bool isTerminal)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = isTerminal && !_isDumb ? AnsiSupport.Yes : AnsiSupport.No,
            ColorSystem = isTerminal && _hasColor ? ColorSystemSupport.Standard : ColorSystemSupport.NoColors,
            Interactive = isTerminal && IsInteractive ? InteractionSupport.Yes : InteractionSupport.No,
            Out = new AnsiConsoleOutput(writer),
            Enrichment = new ProfileEnrichment { UseDefaultEnrichers = false },
        });
        console.Profile.Width = _width;
        console.Profile.Capabilities.Unicode = HasUnicode;
        return console;
    }
}
