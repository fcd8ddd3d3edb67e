namespace Transfuse.Recipes;

/// <summary>What a run shall do, as read from a YAML recipe. Immutable; every key that the recipe left out holds its default.</summary>
public abstract record Recipe
{
    /// <summary>Kind and version, for example <c>fuse/1</c>: the value of the key <c>recipe</c>.</summary>
    public abstract string Kind { get; }

    /// <summary>Names the run folder and the model card.</summary>
    public string Name { get; init; } = string.Empty;

    /// <summary>Seed of every random stream of the run.</summary>
    public long Seed { get; init; }

    /// <summary>Precision of matrix products.</summary>
    public PrecisionMode Precision { get; init; }
}
