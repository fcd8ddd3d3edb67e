using Transfuse.Tokenization.Text;
using Transfuse.Tokenization.Unigram;

namespace Transfuse.Tokenization.SentencePiece;

/// <summary>Segments normalised text with buffers of its own; not thread safe.</summary>
internal sealed class SentencePieceSegmenter(SentencePieceModel model, SentencePieceVocabulary vocabulary, SentencePieceNormalizer normalizer)
{
    private const float UnknownPenalty = 10f;
    private readonly SentencePieceMerger _merger = new(model, vocabulary, normalizer);
    private readonly TokenList _pieces = new();
    private float[] _scores = [];
    private int[] _starts = [];
    private int[] _ids = [];

    /// <summary>Appends the tokens of a text; neighbouring unknown characters are one token, or bytes.</summary>
    public void Segment(ReadOnlySpan<byte> text, TokenList tokens)
    {
        if (text.IsEmpty)
        {
            return;
        }

        _pieces.Clear();
        switch (model.Algorithm)
        {
            case SentencePieceAlgorithm.Unigram:
                Search(text);
                break;
            case SentencePieceAlgorithm.Bpe:
                _merger.Encode(text, 0, _pieces);
                break;
            case SentencePieceAlgorithm.Word:
                SplitWords(text);
                break;
            default:
                SplitCharacters(text);
                break;
        }

        for (var i = 0; i < _pieces.Count; i++)
        {
            var id = _pieces.Ids[i];
            var (start, end) = _pieces.Spans[i];
            if (!IsUnknown(id))
            {
                tokens.Add(id, start, end);
                continue;
            }

            if (model.ByteFallback)
            {
                for (var at = start; at < end; at++)
                {
                    tokens.Add(vocabulary.Bytes[text[at]], at, at + 1);
                }

                continue;
            }

            while (i + 1 < _pieces.Count && IsUnknown(_pieces.Ids[i + 1]))
            {
                end = _pieces.Spans[++i].End;
            }

            tokens.Add(model.UnknownId, start, end);
        }
    }

    private bool IsUnknown(int id) => id < 0 || id == model.UnknownId;

    /// <summary>Viterbi search in single precision, as the library does it; user-defined pieces score better than any text.</summary>
    private void Search(ReadOnlySpan<byte> text)
    {
        Reserve(text.Length + 1);
        _starts.AsSpan(0, text.Length + 1).Fill(-1);
        _scores[0] = 0;
        for (var start = 0; start < text.Length;)
        {
            var single = Utf8.LengthOf(text[start]);
            var hasSingle = false;
            var node = PieceTrie.Root;
            for (var end = start; end < text.Length && vocabulary.Text.Step(ref node, text[end], out var id); end++)
            {
                if (id < 0 || model.Pieces[id].Type == PieceType.Unused)
                {
                    continue;
                }

                var length = end + 1 - start;
                Offer(end + 1, start, id, Score(id, length));
                hasSingle |= length == single;
            }

            if (!hasSingle)
            {
                Offer(start + single, start, -1, vocabulary.LowestScore - UnknownPenalty);
            }

            start += single;
        }

        for (var end = text.Length; end > 0; end = _starts[end])
        {
            _pieces.Add(_ids[end], _starts[end], end);
        }

        _pieces.Reverse();
    }

    private float Score(int id, int length) =>
        model.Pieces[id].Type == PieceType.UserDefined ? (length * vocabulary.HighestScore) - 0.1f : model.Pieces[id].Score;

    private void Offer(int end, int start, int id, float score)
    {
        var total = score + _scores[start];
        if (_starts[end] < 0 || total > _scores[end])
        {
            (_scores[end], _starts[end], _ids[end]) = (total, start, id);
        }
    }

    private void SplitCharacters(ReadOnlySpan<byte> text)
    {
        for (var start = 0; start < text.Length;)
        {
            var length = normalizer.UserDefinedLength(text, start);
            length = length > 0 ? length : Utf8.LengthOf(text[start]);
            _pieces.Add(vocabulary.Find(text.Slice(start, length)), start, start + length);
            start += length;
        }
    }

    private void SplitWords(ReadOnlySpan<byte> text)
    {
        var mark = "▁"u8;
        for (var start = 0; start < text.Length;)
        {
            int end;
            if (model.WhitespaceAsSuffix)
            {
                var next = text[start..].IndexOf(mark);
                end = next < 0 ? text.Length : start + next + mark.Length;
            }
            else
            {
                var skip = text[start..].StartsWith(mark) ? mark.Length : 0;
                var next = text[(start + skip)..].IndexOf(mark);
                end = next < 0 ? text.Length : start + skip + next;
            }

            _pieces.Add(vocabulary.Find(text[start..end]), start, end);
            start = end;
        }
    }

    private void Reserve(int count)
    {
        if (count > _scores.Length)
        {
            var size = Math.Max(count, 2 * _scores.Length);
            _scores = new float[size];
            _starts = new int[size];
            _ids = new int[size];
        }
    }
}
