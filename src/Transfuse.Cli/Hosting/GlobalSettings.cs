using Transfuse.Cli.Output;
using Transfuse.Recipes;

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

    /// <summary>Precision of matrix products; null takes the recipe's, or float32.</summary>
    public PrecisionMode? Precision { get; init; }

    /// <summary>Most bytes that the device's memory may take; null takes what the machine has.</summary>
    public long? MemoryLimit { get; init; }

    /// <summary>The folder that relative paths start from, absolute.</summary>
    public required string Folder { get; init; }

    /// <summary>The recipe with what the command line says in place of its own.</summary>
    internal Recipe Apply(Recipe recipe) => recipe with { Seed = Seed ?? recipe.Seed, Precision = Precision ?? recipe.Precision };
}
