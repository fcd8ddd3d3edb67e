namespace Transfuse.Cli.Hosting;

/// <summary>Tells a command that the user or the system wants it to end.</summary>
internal interface ITerminationSource
{
    /// <summary>Cancelled by the first signal.</summary>
    CancellationToken Token { get; }

    /// <summary>Exit code of the signal that came, or null.</summary>
    int? ExitCode { get; }
}
