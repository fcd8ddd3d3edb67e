using Transfuse.Tokenization.Text;

namespace Transfuse.Tokenization.SentencePiece;

/// <summary>
/// SentencePiece's BPE: joins the neighbours whose concatenation is the piece of the highest score, leftmost first; user-defined pieces
/// are never joined, and unused pieces fall apart again at the end. Segments that are no piece have the id -1.
/// </summary>
internal sealed class SentencePieceMerger(SentencePieceModel model, SentencePieceVocabulary vocabulary, SentencePieceNormalizer normalizer)
    : CachingWorker(vocabulary.Cuts)
{
    private readonly List<(int Start, int End, int Previous, int Next, bool Frozen)> _symbols = [];
    private readonly PriorityQueue<(int Left, int Right, int Length), (float Score, int Left)> _queue =
        new(Comparer<(float Score, int Left)>.Create((a, b) => a.Score != b.Score ? b.Score.CompareTo(a.Score) : a.Left.CompareTo(b.Left)));

    private readonly Dictionary<(int Start, int End), int> _splits = [];

    /// <inheritdoc/>
    protected override void Compute(ReadOnlySpan<byte> word, int offset, TokenList tokens)
    {
        Split(word);
        for (var i = 0; i + 1 < _symbols.Count; i++)
        {
            Enqueue(word, i, i + 1);
        }

        while (_queue.TryDequeue(out var pair, out _))
        {
            var (left, right) = (_symbols[pair.Left], _symbols[pair.Right]);
            if (left.End == left.Start || right.End == right.Start || left.Next != pair.Right || right.End - left.Start != pair.Length)
            {
                continue;
            }

            _symbols[pair.Left] = left with { End = right.End, Next = right.Next };
            _symbols[pair.Right] = right with { End = right.Start };
            if (right.Next >= 0)
            {
                _symbols[right.Next] = _symbols[right.Next] with { Previous = pair.Left };
                Enqueue(word, pair.Left, right.Next);
            }

            if (left.Previous >= 0)
            {
                Enqueue(word, left.Previous, pair.Left);
            }
        }

        for (var i = 0; i >= 0 && i < _symbols.Count; i = _symbols[i].Next)
        {
            Output(word, _symbols[i].Start, _symbols[i].End, offset, tokens);
        }
    }

    private void Split(ReadOnlySpan<byte> text)
    {
        _symbols.Clear();
        _queue.Clear();
        _splits.Clear();
        for (var start = 0; start < text.Length;)
        {
            var frozen = normalizer.UserDefinedLength(text, start);
            var end = start + (frozen > 0 ? frozen : Utf8.LengthOf(text[start]));
            _symbols.Add((start, end, _symbols.Count - 1, end < text.Length ? _symbols.Count + 1 : -1, frozen > 0));
            start = end;
        }
    }

    private void Enqueue(ReadOnlySpan<byte> text, int left, int right)
    {
        if (_symbols[left].Frozen || _symbols[right].Frozen)
        {
            return;
        }

        var (start, end) = (_symbols[left].Start, _symbols[right].End);
        var id = vocabulary.Find(text[start..end]);
        if (id < 0)
        {
            return;
        }

        _queue.Enqueue((left, right, end - start), (model.Pieces[id].Score, left));
        if (model.Pieces[id].Type == PieceType.Unused)
        {
            _splits[(start, end)] = _symbols[left].End;
        }
    }

    private void Output(ReadOnlySpan<byte> text, int start, int end, int offset, TokenList tokens)
    {
        var pending = new Stack<(int Start, int End)>([(start, end)]);
        while (pending.TryPop(out var part))
        {
            var id = vocabulary.Find(text[part.Start..part.End]);
            if (id >= 0 && model.Pieces[id].Type == PieceType.Unused && _splits.TryGetValue(part, out var middle))
            {
                pending.Push((middle, part.End));
                pending.Push((part.Start, middle));
            }
            else
            {
                tokens.Add(id, offset + part.Start, offset + part.End);
            }
        }
    }
}
