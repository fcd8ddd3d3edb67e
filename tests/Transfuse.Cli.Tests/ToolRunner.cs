using Transfuse.Cli.Hosting;

namespace Transfuse.Cli.Tests;

/// <summary>Runs command lines in the test's process, in a folder of its own, with captured streams and no real environment.</summary>
internal sealed class ToolRunner : IDisposable
{
    internal string Folder { get; } = Directory.CreateTempSubdirectory("transfuse-cli-").FullName;

    /// <summary>The environment; no test reaches the network unless it says so.</summary>
    internal Dictionary<string, string> Variables { get; } = new(StringComparer.Ordinal) { ["HF_HUB_OFFLINE"] = "1", ["HF_HOME"] = "hf" };

    /// <summary>What comes from stdin.</summary>
    internal string Input { get; set; } = string.Empty;

    internal StubTermination Termination { get; } = new();

    internal bool IsTerminal { get; init; }

    internal (int Code, string Output, string Error) Run(params string[] arguments)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var code = CommandLineTool.RunAsync(arguments, CreateEnvironment(output, error)).GetAwaiter().GetResult();
        return (code, output.ToString(), error.ToString());
    }

    internal ToolEnvironment CreateEnvironment(TextWriter output, TextWriter error) => new()
    {
        Output = output,
        Error = error,
        Input = new StringReader(Input),
        IsInputTerminal = IsTerminal,
        IsOutputTerminal = IsTerminal,
        IsErrorTerminal = IsTerminal,
        Variable = name => Variables.GetValueOrDefault(name),
        CurrentFolder = Folder,
        Termination = Termination,
    };

    internal string Write(string name, string text)
    {
        File.WriteAllText(Path.Combine(Folder, name), text);
        return name;
    }

    public void Dispose()
    {
        Termination.Dispose();
        Directory.Delete(Folder, recursive: true);
    }

    internal sealed class StubTermination : ITerminationSource, IDisposable
    {
        private readonly CancellationTokenSource _source = new();

        public CancellationToken Token => _source.Token;

        public int? ExitCode { get; private set; }

        internal void Signal(int exitCode)
        {
            ExitCode = exitCode;
            _source.Cancel();
        }

        public void Dispose() => _source.Dispose();
    }
}
