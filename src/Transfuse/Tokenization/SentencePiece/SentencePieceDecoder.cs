using System.Globalization;
using System.Text;

namespace Transfuse.Tokenization.SentencePiece;

/// <summary>Pieces to text as the SentencePiece library does it.</summary>
internal static class SentencePieceDecoder
{
    private const string Mark = "▁";

    /// <summary>The text of ids. Control pieces are invisible; the mark that begins the text goes if the normalizer puts one there.</summary>
    public static string Decode(SentencePieceModel model, ReadOnlySpan<int> ids)
    {
        var text = new StringBuilder();
        var bytes = new List<byte>();
        var atStart = true;
        var markSeen = false;
        foreach (var id in ids)
        {
            if ((uint)id >= (uint)model.Pieces.Count)
            {
                continue;
            }

            var (piece, _, type) = model.Pieces[id];
            if (type == PieceType.Byte)
            {
                bytes.Add(ByteOf(piece));
                continue;
            }

            FlushBytes(text, bytes);
            atStart &= !markSeen && text.Length == 0;
            markSeen = false;
            switch (type)
            {
                case PieceType.Control:
                    break;
                case PieceType.Unknown:
                    text.Append(model.UnknownSurface);
                    break;
                default:
                    if (atStart && (model.AddDummyPrefix || model.RemoveExtraWhitespaces) && piece.StartsWith(Mark, StringComparison.Ordinal))
                    {
                        piece = piece[Mark.Length..];
                        // Where extra spaces are removed, all leading marks go.
                        markSeen = !model.RemoveExtraWhitespaces;
                    }

                    text.Append(piece.Replace(Mark, " ", StringComparison.Ordinal));
                    break;
            }
        }

        FlushBytes(text, bytes);
        return text.ToString();
    }

    /// <summary>The byte of <c>&lt;0xHH&gt;</c>.</summary>
    /// <exception cref="FormatException">It is not of that form.</exception>
    public static byte ByteOf(string piece) =>
        piece.Length == 6 && piece.StartsWith("<0x", StringComparison.Ordinal) && piece[5] == '>'
            && byte.TryParse(piece.AsSpan(3, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value)
            ? value
            : throw new FormatException($"the byte piece '{piece}' is not of the form <0xHH>");

    /// <summary>Valid characters as they are, U+FFFD for every other byte.</summary>
    private static void FlushBytes(StringBuilder text, List<byte> bytes)
    {
        ReadOnlySpan<byte> rest = bytes.ToArray();
        while (rest.Length > 0)
        {
            var status = Rune.DecodeFromUtf8(rest, out var rune, out var consumed);
            var isValid = status == System.Buffers.OperationStatus.Done;
            text.Append(isValid ? rune.ToString() : "\uFFFD");
            rest = rest[(isValid ? consumed : 1)..];
        }

        bytes.Clear();
    }
}
