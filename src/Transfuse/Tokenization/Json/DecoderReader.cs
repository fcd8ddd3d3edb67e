using Transfuse.Tokenization.Decoders;
using Transfuse.Tokenization.PreTokenizers;

namespace Transfuse.Tokenization.Json;

/// <summary>Builds decoders from their JSON.</summary>
internal static class DecoderReader
{
    /// <summary>The decoder described here.</summary>
    /// <exception cref="Errors.TokenizerException">Unknown type or broken description.</exception>
    public static TokenDecoder Read(JsonCursor cursor) => cursor.Required("type").String() switch
    {
        "Sequence" => new SequenceDecoder([.. cursor.Required("decoders").Items().Select(Read)]),
        "ByteLevel" => new ByteLevelDecoder(),
        "ByteFallback" => new ByteFallbackDecoder(),
        "Fuse" => new FuseDecoder(),
        "Replace" => new ReplaceDecoder(PatternReader.Read(cursor.Required("pattern")), cursor.Required("content").String()),
        "Strip" => new StripDecoder(
            cursor.Required("content").String(), cursor.Required("start").Integer(0, 1 << 20), cursor.Required("stop").Integer(0, 1 << 20)),
        "Metaspace" => new MetaspaceDecoder(
            cursor.String("replacement") ?? "▁", PreTokenizerReader.ReadScheme(cursor) != PrependScheme.Never),
        "WordPiece" => new WordPieceDecoder(cursor.String("prefix") ?? "##", cursor.Boolean("cleanup", true)),
        "BPEDecoder" => new BpeDecoder(cursor.String("suffix") ?? "</w>"),
        "CTC" => new CtcDecoder(
            cursor.String("pad_token") ?? "<pad>", cursor.String("word_delimiter_token") ?? "|", cursor.Boolean("cleanup", true)),
        var type => throw cursor.Error($"is of type '{type}', which is not supported."),
    };
}
