namespace Transfuse.Tokenization;

/// <summary>Turns text into token ids and back. Immutable and thread safe.</summary>
public abstract class Tokenizer
{
    /// <summary>Largest id + 1, added tokens included. A model's vocabulary may be wider (padded rows), never take it from here.</summary>
    public abstract int VocabularySize { get; }

    /// <summary>Id that begins a text, or null.</summary>
    public abstract int? BosId { get; }

    /// <summary>Id that ends a text, or null.</summary>
    public abstract int? EosId { get; }

    /// <summary>SHA-256 (hex) over everything that determines ids: two tokenizers with equal hashes encode alike.</summary>
    public abstract string ContentHash { get; }

    /// <summary>Tokenises a text.</summary>
    /// <param name="text">The text. Unpaired surrogates count as U+FFFD.</param>
    /// <param name="addSpecialTokens">Whether to add what the tokenizer's post-processor adds (BOS, EOS).</param>
    public abstract Encoding Encode(string text, bool addSpecialTokens = true);

    /// <summary>The text of a list of ids; invalid UTF-8 becomes U+FFFD.</summary>
    /// <param name="ids">Token ids.</param>
    /// <param name="skipSpecialTokens">Whether to leave special tokens out.</param>
    public abstract string Decode(ReadOnlySpan<int> ids, bool skipSpecialTokens = false);

    /// <summary>The bytes that a token adds to a text in which it does not come first; empty for special tokens and unknown ids.</summary>
    public abstract ReadOnlyMemory<byte> TokenBytes(int id);

    /// <summary>The vocabulary's own string for a token, such as <c>Ġthe</c>; null for an id without token.</summary>
    public abstract string? TokenString(int id);

    /// <summary>The id of a vocabulary string, or null.</summary>
    public abstract int? TokenId(string token);
}
