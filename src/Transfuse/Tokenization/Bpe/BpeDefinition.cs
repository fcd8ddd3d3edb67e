namespace Transfuse.Tokenization.Bpe;

/// <summary>A byte-pair-encoding model: vocabulary and merges in order of rank (Sennrich et al. 2016, arXiv 1508.07909).</summary>
public sealed record BpeDefinition : ModelDefinition
{
    /// <inheritdoc/>
    public override string Kind => "BPE";

    /// <summary>Ids by vocabulary string.</summary>
    public required IReadOnlyDictionary<string, int> Vocabulary { get; init; }

    /// <summary>Merges, the first applied first; both parts and their concatenation are in the vocabulary.</summary>
    public required IReadOnlyList<(string Left, string Right)> Merges { get; init; }

    /// <summary>What stands for characters without symbol; null drops them.</summary>
    public string? UnknownToken { get; init; }

    /// <summary>Written before every symbol that does not begin a piece, such as <c>##</c>.</summary>
    public string? ContinuingSubwordPrefix { get; init; }

    /// <summary>Written after the symbol that ends a piece, such as <c>&lt;/w&gt;</c>.</summary>
    public string? EndOfWordSuffix { get; init; }

    /// <summary>Whether neighbouring unknown characters become one unknown token.</summary>
    public bool FuseUnknown { get; init; }

    /// <summary>Whether unknown characters are spelled as bytes <c>&lt;0xHH&gt;</c>.</summary>
    public bool ByteFallback { get; init; }

    /// <summary>Whether a piece that is in the vocabulary as a whole is that token, whatever the merges say.</summary>
    public bool IgnoreMerges { get; init; }

    /// <summary>Probability with which training skips a merge; kept for the file, encoding never drops.</summary>
    public double? Dropout { get; init; }
}
