using Transfuse.Tokenization.Patterns;
using Transfuse.Tokenization.Text;

namespace Transfuse.Tokenization.PreTokenizers;

/// <summary><c>UnicodeScripts</c>: cuts where the script changes; spaces join either side, kana count as Han.</summary>
internal sealed class ScriptPreTokenizer : PreTokenizer
{
    private const int Anything = -2;
    private readonly RunPattern _pattern = new();

    /// <inheritdoc/>
    public override void Apply(PieceList pieces) => pieces.Split(_pattern, SplitBehavior.Isolated, invert: false);

    private sealed class RunPattern : TextPattern
    {
        private readonly int _han = UnicodeScripts.Find("han") ?? UnicodeScripts.Unknown;
        private readonly int _hiragana = UnicodeScripts.Find("hiragana") ?? UnicodeScripts.Unknown;
        private readonly int _katakana = UnicodeScripts.Find("katakana") ?? UnicodeScripts.Unknown;

        public override bool Find(ReadOnlySpan<byte> text, int from, out int start, out int end)
        {
            start = from;
            end = from;
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
            if (scalar == ' ')
            {
                return Anything;
            }

            var script = UnicodeScripts.Of(scalar);
            return script == _hiragana || script == _katakana || scalar == 0x30FC ? _han : script;
        }
    }
}
