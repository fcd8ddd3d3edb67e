namespace Transfuse.Checkpoints.Gguf;

/// <summary>Numbers of a model that its tensors' rows depend on.</summary>
/// <param name="Layers">Most layers of a stack.</param>
/// <param name="Hidden">Width of the residual stream.</param>
/// <param name="Heads">Query heads.</param>
/// <param name="KeyValueHeads">Key and value heads.</param>
/// <param name="HeadSize">Elements of a head.</param>
/// <param name="FirstStackLayers">Layers of the encoder, or of the only stack.</param>
internal readonly record struct GgufGeometry(int Layers, int Hidden, int Heads, int KeyValueHeads, int HeadSize, int FirstStackLayers)
{
    /// <summary>The numbers of a configuration.</summary>
    internal static GgufGeometry Of(GgufArchitecture architecture, ConfigTree config)
    {
        string? Key(string gguf) => architecture.Keys.FirstOrDefault(rule => string.Equals(rule.Gguf, gguf, StringComparison.Ordinal))?.Config;
        int? Optional(string gguf) => Key(gguf) is { } key && config.Find(key) is not null ? config.Count(key) : null;
        var (hidden, heads) = (config.Count(Key("embedding_length")!), config.Count(Key("attention.head_count")!));
        var layers = config.Count(Key("block_count")!);
        return new GgufGeometry(
            Math.Max(layers, Optional("decoder_block_count") ?? 0), hidden, heads, Optional("attention.head_count_kv") ?? heads,
            Optional("attention.key_length") ?? hidden / heads, layers);
    }

    /// <summary>The row of the Hugging Face tensor that is row <paramref name="row"/> of the one in GGUF.</summary>
    internal int HuggingFaceRow(RowOrder order, int row)
    {
        switch (order)
        {
            case RowOrder.QueryPairs or RowOrder.KeyPairs:
                var (head, within) = (row / HeadSize, row % HeadSize);
                return (head * HeadSize) + (within % 2 * (HeadSize / 2)) + (within / 2);
            case RowOrder.HeadByHead:
                var part = row / (Heads * HeadSize);
                (head, within) = (row % (Heads * HeadSize) / HeadSize, row % HeadSize);
                return (((head * 3) + part) * HeadSize) + within;
            default:
                return row;
        }
    }

    /// <summary>Rows that a tensor of a row order must have, or null if any number does.</summary>
    internal int? ExpectedRows(RowOrder order) => order switch
    {
        RowOrder.QueryPairs => Heads * HeadSize,
        RowOrder.KeyPairs => KeyValueHeads * HeadSize,
        RowOrder.HeadByHead => 3 * Heads * HeadSize,
        _ => null,
    };
}
