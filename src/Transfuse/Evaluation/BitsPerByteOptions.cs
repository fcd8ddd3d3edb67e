namespace Transfuse.Evaluation;

/// <summary>How held-out text is cut into windows.</summary>
public sealed record BitsPerByteOptions
{
    /// <summary>Tokens of a window, BOS included; 0 takes what the model was made for.</summary>
    public int Window { get; init; }

    /// <summary>Tokens newly predicted in each window after the first; 0 takes half a window.</summary>
    public int Stride { get; init; }

    /// <summary>Tokens in one forward pass; windows are put together up to this.</summary>
    public int BatchTokens { get; init; } = 4096;
}
