namespace Transfuse.Checkpoints.Gguf;

/// <summary>The two names of a tensor or of those of every layer.</summary>
/// <param name="Gguf">Name in GGUF without <c>.weight</c> or <c>.bias</c>; <c>{}</c> stands for the layer.</param>
/// <param name="HuggingFace">The same in a Hugging Face file.</param>
/// <param name="Order">How rows lie to each other.</param>
internal sealed record GgufTensorRule(string Gguf, string HuggingFace, RowOrder Order = RowOrder.Same)
{
    /// <summary>Stands for the number of the layer.</summary>
    internal const string Layer = "{}";

    /// <summary>Where one GGUF name stands for several others: a tensor that must be in the file, or with ! in front must not.</summary>
    internal string? OnlyWith { get; init; }

    /// <summary>
    /// What values are multiplied with on their way into GGUF, because llama.cpp has no place for a factor that config.json names; null for 1.
    /// </summary>
    internal Func<ConfigTree, GgufGeometry, double>? Factor { get; init; }

    /// <summary>Whether there is one tensor a layer.</summary>
    internal bool IsPerLayer => Gguf.Contains(Layer, StringComparison.Ordinal);
}
