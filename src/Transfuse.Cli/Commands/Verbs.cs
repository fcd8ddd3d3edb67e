using Transfuse.Cli.Hosting;

namespace Transfuse.Cli.Commands;

/// <summary>The verbs in the order of the help page.</summary>
internal static class Verbs
{
    /// <summary>New instances of all verbs; a command belongs to one command line.</summary>
    internal static IReadOnlyList<Verb> All() =>
    [
        new DemoVerb(), new InitVerb(), new CheckVerb(), new RunVerb(), new ResumeVerb(), new FuseVerb(), new TrainVerb(), new CaptureVerb(),
        new EvalVerb(), new ScoreVerb(), new GenerateVerb(), new ChatVerb(), new PullVerb(), new TokenizeVerb(), new InspectVerb(), new DiffVerb(), new ConvertVerb(),
        new SchemaVerb(), new DoctorVerb(), new CompletionVerb(),
    ];
}
