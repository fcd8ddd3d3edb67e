using Transfuse.Cli.Output;

namespace Transfuse.Cli.Hosting;

/// <summary>What the options of every verb say.</summary>
internal sealed record GlobalSettings
{
    public OutputMode Mode { get; init; }

    public bool IsVerbose { get; init; }

    public bool NoColor { get; init; }

    public bool NoProgress { get; init; }

    /// <summary>Threads; 0 is one per core.</summary>
    public int Threads { get; init; }

    public long? Seed { get; init; }

    /// <summary>The folder that relative paths start from, absolute.</summary>
    public required string Folder { get; init; }
}
