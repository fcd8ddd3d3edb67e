using Transfuse.Tokenization.Patterns;
using Transfuse.Tokenization.Text;

namespace Transfuse.Tokenization.PreTokenizers;

/// <summary><c>FixedLength</c>: pieces of a fixed number of characters.</summary>
internal sealed class FixedLengthPreTokenizer(int length) : PreTokenizer
{
    private readonly ChunkPattern _pattern = new(length);

    /// <inheritdoc/>
    public override void Apply(PieceList pieces) => pieces.Split(_pattern, SplitBehavior.Isolated, invert: false);

    private sealed class ChunkPattern(int length) : TextPattern
    {
        public override bool Find(ReadOnlySpan<byte> text, int from, out int start, out int end)
        {
            start = from;
            end = from;
            for (var i = 0; i < length && end < text.Length; i++)
            {
                end += Utf8.LengthOf(text[end]);
            }

            return end > start;
        }
    }
}
