using Transfuse.Tokenization.Patterns;
using Transfuse.Tokenization.Text;

namespace Transfuse.Tokenization.PreTokenizers;

/// <summary>The text between two added tokens while it is cut into pieces. Reused from text to text; not thread safe.</summary>
internal sealed class PieceList
{
    private List<Piece> _pieces = [];
    private List<Piece> _next = [];

    // The text may lie in the first; the next rewriting goes into the second.
    private AlignedTextBuilder _builder = new(0);
    private AlignedTextBuilder _spare = new(0);

    /// <summary>The text that the pieces lie in.</summary>
    public AlignedText Text { get; private set; } = new([]);

    /// <summary>The pieces in order.</summary>
    public List<Piece> Pieces => _pieces;

    /// <summary>Starts with one piece, none for an empty slice.</summary>
    public void Reset(TextSlice slice)
    {
        Text = slice.Text;
        _pieces.Clear();
        if (slice.Length > 0)
        {
            _pieces.Add(new Piece(slice.Start, slice.End));
        }
    }

    /// <summary>Cuts every piece at the matches of a pattern.</summary>
    /// <param name="pattern">What to look for.</param>
    /// <param name="behavior">What becomes of matches.</param>
    /// <param name="invert">Whether matches are what the pattern does not match.</param>
    public void Split(TextPattern pattern, SplitBehavior behavior, bool invert)
    {
        _next.Clear();
        foreach (var piece in _pieces)
        {
            SplitPiece(piece, pattern, behavior, invert);
        }

        (_pieces, _next) = (_next, _pieces);
    }

    /// <summary>Rewrites the text; <paramref name="rewrite"/> appends the new form of a piece.</summary>
    public void Rewrite(Action<AlignedTextBuilder, TextSlice> rewrite)
    {
        // Of the pieces alone: the text around them may be long, and be cut into very many stretches like this one.
        var length = _pieces.Sum(piece => piece.End - piece.Start);
        var builder = _spare;
        builder.Reset(length + (length / 2) + 16);
        _next.Clear();
        foreach (var piece in _pieces)
        {
            var start = builder.Length;
            rewrite(builder, new TextSlice(Text, piece.Start, piece.End));
            if (builder.Length > start)
            {
                _next.Add(new Piece(start, builder.Length));
            }
        }

        (_pieces, _next) = (_next, _pieces);
        (_builder, _spare) = (builder, _builder);
        Text = builder.Build();
    }

    private void SplitPiece(Piece piece, TextPattern pattern, SplitBehavior behavior, bool invert)
    {
        var text = Text.Bytes.AsSpan(piece.Start, piece.End - piece.Start);
        var first = _next.Count;
        var previousWasMatch = false;
        for (var position = 0; position < text.Length;)
        {
            var search = position;
            int start, end;
            while (pattern.Find(text, search, out start, out end) && end == start && start < text.Length)
            {
                // An empty match cuts the text where it is.
                search = start + Utf8.LengthOf(text[start]);
                if (start > position)
                {
                    break;
                }
            }

            start = Math.Min(start, text.Length);
            end = Math.Min(Math.Max(end, start), text.Length);
            if (start > position)
            {
                Add(piece.Start + position, piece.Start + start, isMatch: invert, behavior, first, ref previousWasMatch);
            }

            if (end > start)
            {
                Add(piece.Start + start, piece.Start + end, isMatch: !invert, behavior, first, ref previousWasMatch);
            }

            position = end;
        }
    }

    private void Add(int start, int end, bool isMatch, SplitBehavior behavior, int first, ref bool previousWasMatch)
    {
        var joins = _next.Count > first && behavior switch
        {
            SplitBehavior.Contiguous => isMatch == previousWasMatch,
            SplitBehavior.MergedWithPrevious => isMatch && !previousWasMatch,
            SplitBehavior.MergedWithNext => !isMatch && previousWasMatch,
            _ => false,
        };
        previousWasMatch = isMatch;
        if (joins)
        {
            _next[^1] = _next[^1] with { End = end };
        }
        else if (!isMatch || behavior != SplitBehavior.Removed)
        {
            _next.Add(new Piece(start, end));
        }
    }
}
