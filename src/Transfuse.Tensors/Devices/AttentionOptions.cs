namespace Transfuse.Tensors.Devices;

/// <summary>The shape and the masks of one attention operation.</summary>
public sealed record AttentionOptions
{
    /// <summary>Number of query heads, a multiple of <see cref="KeyValueHeads"/>.</summary>
    public required int QueryHeads { get; init; }

    /// <summary>Number of key and value heads; head g serves query heads g·r to g·r + r − 1.</summary>
    public required int KeyValueHeads { get; init; }

    /// <summary>Elements of one head.</summary>
    public required int HeadSize { get; init; }

    /// <summary>Factor on q·k, usually 1/√<see cref="HeadSize"/>.</summary>
    public required float Scale { get; init; }

    /// <summary>Whether a query sees only keys at its own position and before.</summary>
    public bool Causal { get; init; } = true;

    /// <summary>With a window W, query i sees keys j with i − W &lt; j ≤ i; 0 means no window.</summary>
    public int Window { get; init; }

    /// <summary>Where positive, scores become cap·tanh(score/cap) before the mask.</summary>
    public float SoftCap { get; init; }

    /// <summary>ALiBi: one slope a query head; the score of a key at distance d, before or after the query, is lowered by slope·d, after the cap.</summary>
    public IReadOnlyList<float>? AlibiSlopes { get; init; }

    /// <summary>How distances choose rows of the learned bias that the operation is given, added after the cap; null where there is none.</summary>
    public RelativeBuckets? RelativeBias { get; init; }
}
