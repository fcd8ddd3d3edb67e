using Transfuse.Tokenization.Bpe;
using Transfuse.Tokenization.Patterns;
using Transfuse.Tokenization.Text;

namespace Transfuse.Tokenization.PreTokenizers;

/// <summary>
/// GPT-2's <c>ByteLevel</c>: puts a space in front if asked, cuts by GPT-2's pattern if asked, and writes every byte as a character of
/// the byte alphabet. When a byte-level model follows directly, the last step is left out (<paramref name="mapBytes"/> false): the model
/// then reads the bytes themselves, which saves a copy of the text and its alignment.
/// </summary>
internal sealed class ByteLevelPreTokenizer(bool addPrefixSpace, bool useRegex, bool mapBytes) : PreTokenizer
{
    private readonly Gpt2Pattern _pattern = new();

    /// <inheritdoc/>
    public override void Apply(PieceList pieces)
    {
        if (addPrefixSpace && pieces.Pieces.Exists(piece => pieces.Text.Bytes[piece.Start] != (byte)' '))
        {
            pieces.Rewrite(Prefix);
        }

        if (useRegex)
        {
            pieces.Split(_pattern, SplitBehavior.Isolated, invert: false);
        }

        if (mapBytes)
        {
            pieces.Rewrite(MapBytes);
        }
    }

    /// <summary>Writes each byte as its character; every character stands for the byte itself.</summary>
    public static void MapBytes(AlignedTextBuilder builder, TextSlice piece)
    {
        for (var i = piece.Start; i < piece.End; i++)
        {
            builder.Append(ByteAlphabet.ToChar(piece.Text.Bytes[i]), piece.Text.OriginStart(i), piece.Text.OriginEnd(i));
        }
    }

    private static void Prefix(AlignedTextBuilder builder, TextSlice piece)
    {
        if (piece.Text.Bytes[piece.Start] != (byte)' ')
        {
            var position = piece.Text.OriginStart(piece.Start);
            builder.Append(" "u8, position, position);
        }

        builder.Copy(piece.Text, piece.Start, piece.End);
    }
}
