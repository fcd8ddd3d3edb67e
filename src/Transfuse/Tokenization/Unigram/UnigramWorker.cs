using Transfuse.Errors;
using Transfuse.Tokenization.Text;

namespace Transfuse.Tokenization.Unigram;

/// <summary>
/// Finds the most probable segmentation (Viterbi over byte positions). Pieces are never cut: sums of scores that begin anew would round otherwise, and
/// equals be decided otherwise than in the original.
/// </summary>
internal sealed class UnigramWorker(UnigramModel model) : CachingWorker(cuts: null)
{
    private const int Unknown = -1;
    private double[] _scores = [];
    private int[] _starts = [];
    private int[] _pieces = [];

    /// <inheritdoc/>
    protected override void Compute(ReadOnlySpan<byte> word, int offset, TokenList tokens)
    {
        Search(word);
        var boundaries = new List<(int Start, int End, int Id)>();
        for (var end = word.Length; end > 0; end = _starts[end])
        {
            boundaries.Add((_starts[end], end, _pieces[end]));
        }

        boundaries.Reverse();
        for (var i = 0; i < boundaries.Count; i++)
        {
            var (start, end, id) = boundaries[i];
            if (!IsUnknown(id))
            {
                tokens.Add(id, offset + start, offset + end);
                continue;
            }

            // Neighbouring unknown characters are one token.
            while (i + 1 < boundaries.Count && IsUnknown(boundaries[i + 1].Id))
            {
                end = boundaries[++i].End;
            }

            AddUnknown(word, start, end, offset, tokens);
        }
    }

    private bool IsUnknown(int id) => id == Unknown || id == model.Definition.UnknownId;

    /// <summary>
    /// best(e) = max over pieces [s, e) of best(s) + score. Only a strictly better score replaces what is there, so that the longest of
    /// equals wins. A character that is no piece costs the lowest score less 10.
    /// </summary>
    private void Search(ReadOnlySpan<byte> text)
    {
        Reserve(text.Length + 1);
        var pieces = model.Definition.Pieces;
        _starts.AsSpan(0, text.Length + 1).Fill(-1);
        _scores[0] = 0;
        for (var start = 0; start < text.Length;)
        {
            var single = Utf8.LengthOf(text[start]);
            var hasSingle = false;
            var node = PieceTrie.Root;
            for (var end = start; end < text.Length && model.Trie.Step(ref node, text[end], out var id); end++)
            {
                if (id >= 0)
                {
                    Offer(end + 1, start, id, pieces[id].Score);
                    hasSingle |= end + 1 - start == single;
                }
            }

            if (!hasSingle)
            {
                Offer(start + single, start, Unknown, model.UnknownScore);
            }

            start += single;
        }
    }

    private void Offer(int end, int start, int id, double score)
    {
        var total = _scores[start] + score;
        if (_starts[end] < 0 || total > _scores[end])
        {
            (_scores[end], _starts[end], _pieces[end]) = (total, start, id);
        }
    }

    private void AddUnknown(ReadOnlySpan<byte> text, int start, int end, int offset, TokenList tokens)
    {
        var known = model.Find(text[start..end]);
        if (known >= 0)
        {
            tokens.Add(known, offset + start, offset + end);
            return;
        }

        if (model.Definition.ByteFallback && HasAllBytes(text[start..end]))
        {
            for (var i = start; i < end; i++)
            {
                tokens.Add(model.FallbackIds[text[i]], offset + i, offset + i + 1);
            }

            return;
        }

        var id = model.Definition.UnknownId
            ?? throw new TokenizerException(model.Source, $"the text has '{Utf8.String(text[start..end])}', for which the model has no piece and no unk_id.");
        tokens.Add(id, offset + start, offset + end);
    }

    private bool HasAllBytes(ReadOnlySpan<byte> text)
    {
        foreach (var value in text)
        {
            if (model.FallbackIds[value] < 0)
            {
                return false;
            }
        }

        return true;
    }

    private void Reserve(int count)
    {
        if (count > _scores.Length)
        {
            var size = Math.Max(count, 2 * _scores.Length);
            _scores = new double[size];
            _starts = new int[size];
            _pieces = new int[size];
        }
    }
}
