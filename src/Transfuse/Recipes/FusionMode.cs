namespace Transfuse.Recipes;

/// <summary>How the sources' distributions become one.</summary>
public enum FusionMode
{
    /// <summary>The distribution of the source with the least cross entropy.</summary>
    MinCe,

    /// <summary>The mean, weighted by cross entropy.</summary>
    AvgCe,
}
