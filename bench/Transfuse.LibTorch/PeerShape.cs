namespace Transfuse.LibTorch;

/// <summary>Shape of the Llama that all peers train, and of its batches.</summary>
/// <param name="Name">Name of the configuration.</param>
/// <param name="Hidden">Width of the residual stream.</param>
/// <param name="Layers">Blocks.</param>
/// <param name="Heads">Attention heads.</param>
/// <param name="Inner">Width inside the feed-forward half.</param>
/// <param name="Vocabulary">Token ids.</param>
/// <param name="Length">Tokens of a sequence.</param>
/// <param name="Sequences">Sequences of a batch.</param>
internal sealed record PeerShape(string Name, int Hidden, int Layers, int Heads, int Inner, int Vocabulary, int Length, int Sequences)
{
    /// <summary>Width of a head.</summary>
    internal int HeadWidth => Hidden / Heads;

    /// <summary>Configuration A (15 M parameters, vocabulary 32,000) or B (30 M, 8,192).</summary>
    internal static PeerShape Named(string name) => name switch
    {
        "A" => new(name, Hidden: 288, Layers: 6, Heads: 6, Inner: 768, Vocabulary: 32000, Length: 256, Sequences: 16),
        "B" => new(name, Hidden: 512, Layers: 8, Heads: 8, Inner: 1376, Vocabulary: 8192, Length: 512, Sequences: 8),
        _ => throw new ArgumentException($"There is no configuration {name}: A or B.", nameof(name)),
    };
}
