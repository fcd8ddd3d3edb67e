namespace Transfuse.Tokenization.Training;

/// <summary>How a tokenizer of SentencePiece's kind is trained: pieces of characters with ▁ for spaces, bytes for rare characters.</summary>
public sealed record SentencePieceTrainerOptions
{
    /// <summary>Number of tokens to reach: special tokens, bytes, characters and longer pieces. Fewer come out where the texts do not hold as many.</summary>
    public int VocabularySize { get; init; } = 32_000;

    /// <summary>Share of all characters of the texts that get a token; the rest, the rarest, are spelled as bytes or unknown.</summary>
    public double CharacterCoverage { get; init; } = 0.9995;

    /// <summary>Whether characters without token are spelled as the 256 tokens <c>&lt;0xHH&gt;</c>, so that every text can be encoded.</summary>
    public bool ByteFallback { get; init; } = true;

    /// <summary>Whether every digit is a piece of its own.</summary>
    public bool SplitDigits { get; init; } = true;

    /// <summary>Whether a mark for a space is put in front of every text.</summary>
    public bool AddDummyPrefix { get; init; } = true;

    /// <summary>Whether texts are brought to Unicode form KC first.</summary>
    public bool NormalizeFormKC { get; init; }

    /// <summary>Longest piece, in characters.</summary>
    public int MaximumPieceLength { get; init; } = 16;

    /// <summary>BPE: pairs that occur less often are not merged. Unigram: rarer substrings are not considered.</summary>
    public long MinFrequency { get; init; } = 2;

    /// <summary>Unigram: number of substrings to begin with.</summary>
    public int SeedSize { get; init; } = 200_000;

    /// <summary>Unigram: share of the pieces that each round of pruning keeps.</summary>
    public double ShrinkingFactor { get; init; } = 0.75;

    /// <summary>Tokens that take the first ids and are found as a whole in texts.</summary>
    public IReadOnlyList<string> SpecialTokens { get; init; } = ["<unk>", "<s>", "</s>"];

    /// <summary>The special token for what cannot be spelled.</summary>
    public string UnknownToken { get; init; } = "<unk>";

    /// <summary>The special token that begins texts, or null.</summary>
    public string? BosToken { get; init; } = "<s>";

    /// <summary>The special token that ends texts, or null.</summary>
    public string? EosToken { get; init; } = "</s>";

    /// <summary>Whether encoding with special tokens puts <see cref="BosToken"/> in front.</summary>
    public bool AddBos { get; init; } = true;

    /// <summary>Whether encoding with special tokens puts <see cref="EosToken"/> behind.</summary>
    public bool AddEos { get; init; }
}
