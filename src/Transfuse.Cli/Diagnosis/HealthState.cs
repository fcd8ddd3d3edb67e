namespace Transfuse.Cli.Diagnosis;

/// <summary>How a checked thing is.</summary>
internal enum HealthState
{
    /// <summary>In order.</summary>
    Good,

    /// <summary>Works, but something could be better or is missing that only some commands need.</summary>
    Warning,

    /// <summary>Not in order; the tool exits with code 5.</summary>
    Fault,
}
