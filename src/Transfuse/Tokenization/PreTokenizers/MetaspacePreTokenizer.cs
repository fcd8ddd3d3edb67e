using Transfuse.Tokenization.Patterns;
using Transfuse.Tokenization.Text;

namespace Transfuse.Tokenization.PreTokenizers;

/// <summary>SentencePiece's marking of spaces: writes ▁ for a space, puts one in front where the scheme says so, and begins a piece at each.</summary>
internal sealed class MetaspacePreTokenizer(string replacement, PrependScheme scheme, bool split) : PreTokenizer
{
    private readonly byte[] _replacement = Utf8.Bytes(replacement);
    private readonly LiteralPattern _pattern = new(Utf8.Bytes(replacement));

    /// <inheritdoc/>
    public override void Apply(PieceList pieces)
    {
        pieces.Rewrite(Mark);
        if (split)
        {
            pieces.Split(_pattern, SplitBehavior.MergedWithNext, invert: false);
        }
    }

    private void Mark(AlignedTextBuilder builder, TextSlice piece)
    {
        var text = piece.Text;
        var start = text.OriginStart(piece.Start);
        var prepends = scheme == PrependScheme.Always || (scheme == PrependScheme.First && start == 0);
        if (prepends && text.Bytes[piece.Start] != (byte)' ' && !piece.Span.StartsWith(_replacement))
        {
            builder.Append(_replacement, start, start);
        }

        for (var i = piece.Start; i < piece.End;)
        {
            if (text.Bytes[i] == (byte)' ')
            {
                builder.Append(_replacement, text.OriginStart(i), text.OriginEnd(i));
                i++;
                continue;
            }

            var run = text.Bytes.AsSpan(i, piece.End - i).IndexOf((byte)' ');
            run = run < 0 ? piece.End - i : run;
            builder.Copy(text, i, i + run);
            i += run;
        }
    }
}
