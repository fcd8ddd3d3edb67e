using Transfuse.Tokenization;
using Transfuse.Tokenization.SentencePiece;

namespace Transfuse.Tests.Tokenization;

/// <summary>SentencePiece gives a character's range to the last of its byte pieces; the others are empty at its start.</summary>
internal sealed class SentencePieceOffsets(SentencePieceModel model) : IReferenceOffsets
{
    public List<int> Of(byte[] text, Encoding encoding, IReadOnlyList<string> tokens, int leading, int trailing)
    {
        var result = new List<int>();
        for (var i = 0; i < encoding.Count; i++)
        {
            if (model.Pieces[encoding.Ids[i]].Type != PieceType.Byte)
            {
                result.AddRange([encoding.Spans[i].Start, encoding.Spans[i].End]);
                continue;
            }

            var length = LengthOf(SentencePieceDecoder.ByteOf(tokens[i]));
            var (start, end) = (encoding.Spans[i].Start, encoding.Spans[i + length - 1].End);
            for (var k = 0; k < length; k++)
            {
                result.AddRange(k < length - 1 ? [start, start] : [start, end]);
            }

            i += length - 1;
        }

        return result;
    }

    private static int LengthOf(byte first) => first switch { < 0x80 => 1, < 0xE0 => 2, < 0xF0 => 3, _ => 4 };
}
