namespace Transfuse.Pipeline;

/// <summary>Where a run stands.</summary>
public enum RunState
{
    /// <summary>A process works on it, or died without a word.</summary>
    Running,

    /// <summary>It was asked to stop and saved its state.</summary>
    Interrupted,

    /// <summary>It ended with an error.</summary>
    Failed,

    /// <summary>Everything is done.</summary>
    Done,
}
