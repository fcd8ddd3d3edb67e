namespace Transfuse.Diagnostics;

/// <summary>How far a long piece of work is.</summary>
/// <param name="Stage">Name of the work, for example <c>capture llama</c>.</param>
/// <param name="Done">Units done.</param>
/// <param name="Total">Units in all; 0 while unknown.</param>
/// <param name="Unit">Name of a unit: <c>tokens</c>, <c>documents</c>, <c>bytes</c>.</param>
/// <param name="Detail">What else fits a progress line, or null.</param>
public sealed record ProgressEvent(string Stage, long Done, long Total, string Unit, string? Detail = null) : RunEvent;
