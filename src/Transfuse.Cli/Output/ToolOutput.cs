using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Spectre.Console;
using Transfuse.Cli.Hosting;
using Transfuse.Diagnostics;

namespace Transfuse.Cli.Output;

/// <summary>The one sink of the tool: results to stdout, everything else to stderr, in the form the user asked for.</summary>
internal sealed class ToolOutput
{
    private static readonly JsonSerializerOptions JsonForm = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly JsonWriterOptions WriterForm = new() { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly ToolEnvironment _environment;
    private readonly GlobalSettings _settings;
    private readonly IAnsiConsole _output;
    private readonly IAnsiConsole _error;

    internal ToolOutput(ToolEnvironment environment, GlobalSettings settings)
    {
        _environment = environment;
        _settings = settings;
        var terminal = new TerminalAbilities(environment, settings);
        UseUnicode = terminal.HasUnicode;
        _output = terminal.CreateConsole(environment.Output, environment.IsOutputTerminal);
        _error = terminal.CreateConsole(environment.Error, environment.IsErrorTerminal);
        IsInteractive = terminal.IsInteractive;
    }

    /// <summary>The form of results.</summary>
    internal OutputMode Mode => _settings.Mode;

    /// <summary>Whether marks beyond ASCII can be shown.</summary>
    internal bool UseUnicode { get; }

    /// <summary>Whether progress may move on the screen.</summary>
    internal bool IsInteractive { get; }

    /// <summary>The mark of a thing that went well, and of one that did not.</summary>
    internal string Mark(bool good) => (good, UseUnicode) switch { (true, true) => "✓", (true, false) => "ok", (false, true) => "✗", _ => "FAILED" };

    /// <summary>Writes the result of a command, once.</summary>
    /// <param name="schema">Name and version of the JSON form, for example <c>transfuse.check/1</c>.</param>
    /// <param name="json">The JSON form without its schema.</param>
    /// <param name="human">Writes the form for people.</param>
    /// <param name="quiet">The bare result, or null for none.</param>
    internal void Result(string schema, Func<JsonObject> json, Action human, string? quiet = null) =>
        Result(
            schema,
            writer =>
            {
                foreach (var (name, value) in json())
                {
                    writer.WritePropertyName(name);
                    WriteNode(writer, value);
                }
            },
            human,
            quiet);

    /// <summary>Writes the result of a command, once; for JSON that is too large to be held as a whole.</summary>
    /// <param name="schema">Name and version of the JSON form.</param>
    /// <param name="json">Writes the members of the JSON form without its schema.</param>
    /// <param name="human">Writes the form for people.</param>
    /// <param name="quiet">The bare result, or null for none.</param>
    internal void Result(string schema, Action<Utf8JsonWriter> json, Action human, string? quiet = null)
    {
        switch (Mode)
        {
            case OutputMode.Json:
                using (var writer = new Utf8JsonWriter(new JsonText(_environment.Output), WriterForm))
                {
                    writer.WriteStartObject();
                    writer.WriteString("schema", schema);
                    json(writer);
                    writer.WriteEndObject();
                }

                _environment.Output.WriteLine();
                break;
            case OutputMode.Quiet:
                if (quiet is not null)
                {
                    _environment.Output.WriteLine(quiet);
                }

                break;
            default:
                human();
                break;
        }

        _environment.Output.Flush();
    }

    /// <summary>Writes text as it is to stdout: for results that are text in every form, such as a script.</summary>
    internal void Raw(string text)
    {
        _environment.Output.Write(text);
        _environment.Output.Flush();
    }

    /// <summary>Writes a line of a result for people.</summary>
    internal void Line(string text = "") => _environment.Output.WriteLine(text);

    /// <summary>Writes a table of a result for people.</summary>
    internal void Table(TextTable table) => _output.Write(table.ToTable(UseUnicode));

    /// <summary>Tells something beside the result, such as the next command.</summary>
    internal void Note(string text)
    {
        if (Mode != OutputMode.Quiet)
        {
            WriteError(text, Style.Plain);
        }
    }

    /// <summary>Tells something only to who asked for more.</summary>
    internal void Detail(string text)
    {
        if (_settings.IsVerbose)
        {
            WriteError(text, new Style(Color.Grey));
        }
    }

    /// <summary>Warns, in every form.</summary>
    internal void Warn(string text) => WriteError($"warning: {text}", new Style(Color.Yellow));

    /// <summary>Writes what went wrong.</summary>
    internal void Error(string text) => WriteError($"error: {text}", new Style(Color.Red));

    /// <summary>Writes what belongs to an error: advice, origin.</summary>
    internal void ErrorDetail(string text) => WriteError(text, Style.Plain);

    /// <summary>Writes an error as one line of JSON to stderr.</summary>
    internal void WriteErrorJson(JsonObject error) => _environment.Error.WriteLine(error.ToJsonString(new JsonSerializerOptions { Encoder = JsonForm.Encoder }));

    /// <summary>Does long work whose progress is shown: moving bars on a terminal, else a plain line now and then.</summary>
    internal TResult WithProgress<TResult>(Func<IProgress<RunEvent>, TResult> work)
    {
        if (Mode == OutputMode.Quiet || _settings.NoProgress)
        {
            return work(new SilentProgress());
        }

        return IsInteractive
            ? TerminalProgress.Run(_error, UseUnicode, work)
            : work(new PlainProgress(_environment.Error, _environment.Time));
    }

    private static void WriteNode(Utf8JsonWriter writer, JsonNode? node)
    {
        if (node is null)
        {
            writer.WriteNullValue();
        }
        else
        {
            node.WriteTo(writer, JsonForm);
        }
    }

    // A line must not be broken where it goes to a file; through the terminal library it keeps clear of moving bars.
    private void WriteError(string text, Style style)
    {
        if (_environment.IsErrorTerminal)
        {
            _error.Write(new Text(text + Environment.NewLine, style));
        }
        else
        {
            _environment.Error.WriteLine(text);
        }
    }

    private sealed class SilentProgress : IProgress<RunEvent>
    {
        public void Report(RunEvent value)
        {
        }
    }
}
