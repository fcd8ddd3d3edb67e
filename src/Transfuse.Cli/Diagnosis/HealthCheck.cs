namespace Transfuse.Cli.Diagnosis;

/// <summary>The outcome of one thing that doctor looked at.</summary>
/// <param name="Name">What was checked.</param>
/// <param name="State">How it is.</param>
/// <param name="Message">What was found and, for faults, what to do.</param>
internal sealed record HealthCheck(string Name, HealthState State, string Message);
