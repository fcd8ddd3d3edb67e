using Transfuse.Cli.Hosting;

namespace Transfuse.Cli.Commands;

/// <summary>The verbs in the order of the help page.</summary>
internal static class Verbs
{
    /// <summary>New instances of all verbs; a command belongs to one command line.</summary>
    internal static IReadOnlyList<Verb> All() => [new InitVerb(), new CheckVerb(), new SchemaVerb(), new DoctorVerb(), new CompletionVerb()];
}
