namespace Transfuse.Diagnostics;

/// <summary>A stage of a run begins or ends.</summary>
/// <param name="Stage">Name of the stage.</param>
/// <param name="State">What happened.</param>
/// <param name="Elapsed">Time it took; zero when it begins.</param>
/// <param name="Detail">What came out, in a few words, or null.</param>
public sealed record StageEvent(string Stage, StageState State, TimeSpan Elapsed, string? Detail = null) : RunEvent;
