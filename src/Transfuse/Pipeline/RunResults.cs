using Transfuse.Errors;
using Transfuse.Evaluation;
using Transfuse.Pipeline.Stages;

namespace Transfuse.Pipeline;

/// <summary>What a run measured.</summary>
public static class RunResults
{
    /// <summary>Bits per byte of every model of a run on every domain; empty before they are measured.</summary>
    /// <exception cref="ArtifactException">The file is damaged.</exception>
    public static IReadOnlyList<DomainScores> Read(RunFolder run)
    {
        ArgumentNullException.ThrowIfNull(run);
        return EvaluateStage.IsDone(run) ? EvaluateStage.Read(run) : [];
    }
}
