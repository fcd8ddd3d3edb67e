using System.CommandLine;

namespace Transfuse.Cli.Hosting;

/// <summary>A verb of the tool: its arguments, its help with examples, and its work.</summary>
internal abstract class Verb : Command
{
    /// <summary>Creates the verb.</summary>
    /// <param name="name">The verb.</param>
    /// <param name="description">One sentence.</param>
    /// <param name="examples">Command lines for the help page.</param>
    protected Verb(string name, string description, params string[] examples)
        : base(name, description)
    {
        Examples = examples;
    }

    /// <summary>Command lines for the help page.</summary>
    internal IReadOnlyList<string> Examples { get; }

    /// <summary>Does the work. Synchronous: what takes long is computing.</summary>
    /// <returns>The exit code.</returns>
    internal abstract int Run(ToolContext context, CancellationToken cancellation);
}
