using Transfuse.Tokenization.Text;

namespace Transfuse.Tokenization;

/// <summary>Remembers the tokens of short words, which natural text repeats; a piece may be cut into words first. The memory is bounded.</summary>
/// <param name="cuts">Where a piece may be cut into words of their own, or null: each piece is one word.</param>
internal abstract class CachingWorker(SafeCuts? cuts) : ModelWorker
{
    private const int MaximumWordLength = 64;
    private const int MaximumWords = 1 << 16;
    private const int MaximumTokens = 4 * MaximumWords;

    private readonly BytesTable _words = new(1 << 12);
    private readonly List<(int Start, int Count)> _entries = [];
    private readonly TokenList _tokens = new();

    /// <inheritdoc/>
    public sealed override void Encode(ReadOnlySpan<byte> piece, int offset, TokenList tokens)
    {
        if (cuts is null)
        {
            EncodeWord(piece, offset, tokens);
            return;
        }

        for (var start = 0; start < piece.Length;)
        {
            var end = cuts.EndOfWord(piece, start);
            EncodeWord(piece[start..end], offset + start, tokens);
            start = end;
        }
    }

    /// <summary>Appends the tokens of a word that is not remembered; they depend on the word alone.</summary>
    protected abstract void Compute(ReadOnlySpan<byte> word, int offset, TokenList tokens);

    private void EncodeWord(ReadOnlySpan<byte> word, int offset, TokenList tokens)
    {
        if (word.Length > MaximumWordLength)
        {
            Compute(word, offset, tokens);
            return;
        }

        var index = _words.Find(word);
        if (index < 0)
        {
            index = Remember(word);
        }

        var (start, count) = _entries[index];
        var ids = _tokens.Ids.Slice(start, count);
        var spans = _tokens.Spans.Slice(start, count);
        for (var i = 0; i < ids.Length; i++)
        {
            tokens.Add(ids[i], offset + spans[i].Start, offset + spans[i].End);
        }
    }

    private int Remember(ReadOnlySpan<byte> word)
    {
        if (_words.Count == MaximumWords || _tokens.Count >= MaximumTokens)
        {
            _words.Clear();
            _entries.Clear();
            _tokens.Clear();
        }

        var start = _tokens.Count;
        Compute(word, 0, _tokens);
        _entries.Add((start, _tokens.Count - start));
        return _words.GetOrAdd(word);
    }
}
