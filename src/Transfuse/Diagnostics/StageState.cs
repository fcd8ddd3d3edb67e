namespace Transfuse.Diagnostics;

/// <summary>What happened to a stage of a run.</summary>
public enum StageState
{
    /// <summary>It begins, or goes on after an interruption.</summary>
    Started,

    /// <summary>It is done.</summary>
    Done,

    /// <summary>Its result was there already: of this run before an interruption, or of another run with the same inputs and parameters.</summary>
    Cached,
}
