using Transfuse.Tokenization.Text;

namespace Transfuse.Tokenization.Patterns;

/// <summary>Single code points, or runs of them, that satisfy a condition.</summary>
internal sealed class ScalarPattern(Func<int, bool> condition, bool runs) : TextPattern
{
    /// <inheritdoc/>
    public override bool Find(ReadOnlySpan<byte> text, int from, out int start, out int end)
    {
        for (start = from; start < text.Length;)
        {
            var scalar = Utf8.Decode(text, start, out var length);
            if (condition(scalar))
            {
                end = start + length;
                while (runs && end < text.Length && condition(Utf8.Decode(text, end, out length)))
                {
                    end += length;
                }

                return true;
            }

            start += length;
        }

        end = start;
        return false;
    }
}
