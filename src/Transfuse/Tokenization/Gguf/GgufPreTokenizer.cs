namespace Transfuse.Tokenization.Gguf;

/// <summary>One way of cutting texts, and what llama.cpp takes to go with its names.</summary>
/// <param name="Patterns">Regular expressions in their order.</param>
/// <param name="Names">Names, the usual one first.</param>
internal sealed record GgufPreTokenizer(IReadOnlyList<string> Patterns, params IReadOnlyList<string> Names)
{
    /// <summary>Whether the published tokenizers normalise to NFC.</summary>
    internal bool UsesNfc { get; init; }

    /// <summary>Whether a piece that is a token as a whole is that token, whatever the merges say.</summary>
    internal bool IgnoresMerges { get; init; }

    /// <summary>Whether texts begin with BOS unless the file says otherwise.</summary>
    internal bool AddsBos { get; init; }
}
