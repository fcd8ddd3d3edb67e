namespace Transfuse.Distributions;

/// <summary>
/// How a capture runs. Nothing here but <see cref="ContextLength"/> and <see cref="Overlap"/> changes what is meant by a distribution.
/// </summary>
public sealed record DistributionCaptureOptions
{
    /// <summary>Most tokens of a forward pass; documents are put together up to it.</summary>
    public int TokensPerBatch { get; init; } = 2048;

    /// <summary>
    /// Most tokens that the model sees at once; null for the model's own bound. Longer documents are read through windows.
    /// </summary>
    public int? ContextLength { get; init; }

    /// <summary>Tokens that a window repeats of the one before, as context only; null for a quarter of the window.</summary>
    public int? Overlap { get; init; }

    /// <summary>Name of the work in progress events.</summary>
    public string Stage { get; init; } = "capture";

    /// <summary>Number of documents, for progress events; 0 if unknown.</summary>
    public long TotalDocuments { get; init; }
}
