using Transfuse.Tokenization.Patterns;
using Transfuse.Tokenization.Text;

namespace Transfuse.Tokenization.PreTokenizers;

/// <summary>
/// <c>UnicodeScripts</c>: cuts where the script changes; kana count as Han. As in the original, whose table is that of Unicode 9, spaces and
/// characters without script join what is before them, and are dropped at the beginning.
/// </summary>
internal sealed class ScriptPreTokenizer : PreTokenizer
{
    private const int Anything = -2;
    private readonly RunPattern _pattern = new();

    /// <inheritdoc/>
    public override void Apply(PieceList pieces) => pieces.Split(_pattern, SplitBehavior.Removed, invert: true);

    private sealed class RunPattern : TextPattern
    {
        private readonly int _han = UnicodeScripts.Find("han") ?? UnicodeScripts.Unknown;
        private readonly int _hiragana = UnicodeScripts.Find("hiragana") ?? UnicodeScripts.Unknown;
        private readonly int _katakana = UnicodeScripts.Find("katakana") ?? UnicodeScripts.Unknown;

        public override bool Find(ReadOnlySpan<byte> text, int from, out int start, out int end)
        {
            start = from;
            while (start < text.Length && ScriptOf(Utf8.Decode(text, start, out var skipped)) == Anything)
            {
                start += skipped;
            }

            end = start;
            var script = Anything;
            while (end < text.Length)
            {
                var scalar = Utf8.Decode(text, end, out var length);
                var next = ScriptOf(scalar);
                if (next != Anything)
                {
                    if (script != Anything && script != next)
                    {
                        return true;
                    }

                    script = next;
                }

                end += length;
            }

            return end > start;
        }

        private int ScriptOf(int scalar)
        {
            var script = UnicodeScripts.Of(scalar);
            if (scalar == ' ' || script == UnicodeScripts.Unknown || UnicodeScripts.IsRecent(scalar))
            {
                return Anything;
            }

            return script == _hiragana || script == _katakana || scalar == 0x30FC ? _han : script;
        }
    }
}
