namespace Transfuse.Tokenization.Bpe;

/// <summary>How a byte-level BPE tokenizer is trained.</summary>
public sealed record BpeTrainerOptions
{
    /// <summary>Number of tokens to reach, special tokens and alphabet included. Training ends earlier when no pair is left.</summary>
    public int VocabularySize { get; init; } = 32_000;

    /// <summary>Pairs that occur less often are not merged.</summary>
    public long MinFrequency { get; init; } = 2;

    /// <summary>Tokens that take the first ids and are found as a whole in texts.</summary>
    public IReadOnlyList<string> SpecialTokens { get; init; } = ["<|endoftext|>"];

    /// <summary>Whether all 256 bytes get a token, so that every text can be encoded; otherwise only those that occur.</summary>
    public bool FullByteAlphabet { get; init; } = true;

    /// <summary>Regular expression that cuts texts into pieces no merge crosses; null for GPT-2's.</summary>
    public string? SplitPattern { get; init; }

    /// <summary>Whether every digit is a piece of its own.</summary>
    public bool SplitDigits { get; init; }

    /// <summary>Whether texts are brought to Unicode form C first.</summary>
    public bool NormalizeFormC { get; init; }

    /// <summary>Whether a space is put in front of texts that begin with none.</summary>
    public bool AddPrefixSpace { get; init; }

    /// <summary>Merged tokens stay below this number of bytes (as in Hugging Face's trainer: strictly below, but never below two); null for no limit.</summary>
    public int? MaximumTokenLength { get; init; }

    /// <summary>The special token that begins texts, or null; it must be among the special tokens.</summary>
    public string? BosToken { get; init; }

    /// <summary>The special token that ends texts, or null; it must be among the special tokens.</summary>
    public string? EosToken { get; init; } = "<|endoftext|>";

    /// <summary>Whether encoding with special tokens puts <see cref="BosToken"/> in front.</summary>
    public bool AddBos { get; init; }

    /// <summary>Whether encoding with special tokens puts <see cref="EosToken"/> behind.</summary>
    public bool AddEos { get; init; }
}
