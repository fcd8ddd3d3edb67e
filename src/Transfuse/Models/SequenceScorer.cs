using Transfuse.Errors;
using Transfuse.Tensors;
using Transfuse.Tensors.Autograd;
using Transfuse.Tensors.Devices;

namespace Transfuse.Models;

/// <summary>Computes the log-probability of every token of given sequences, and what the model would have said instead.</summary>
public sealed class SequenceScorer
{
    private const int HeadElementsAtOnce = 1 << 24;
    private readonly LanguageModel _model;
    private readonly Device _device;

    /// <summary>A scorer on a model, which stays the caller's.</summary>
    public SequenceScorer(LanguageModel model, Device device)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(device);
        _model = model;
        _device = device;
    }

    /// <summary>Sequences are read together until a batch has this many tokens; a longer one is read alone. Does not change results beyond rounding.</summary>
    public int TokensPerBatch { get; init; } = 4096;

    /// <summary>Scores sequences, each read from its beginning as a whole.</summary>
    /// <param name="sequences">Token ids, read lazily.</param>
    /// <param name="topCount">How many most probable ids to keep for each token, 0 to the vocabulary's size.</param>
    /// <param name="cancellationToken">Checked before every batch.</param>
    /// <returns>One result a sequence, in order, as they are computed.</returns>
    /// <exception cref="CheckFailedException">The model's output is not a number.</exception>
    public IEnumerable<SequenceScores> Score(IEnumerable<int[]> sequences, int topCount = 0, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(sequences);
        ArgumentOutOfRangeException.ThrowIfNegative(topCount);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(topCount, _model.VocabularySize);
        return Enumerate(sequences, topCount, cancellationToken);
    }

    private IEnumerable<SequenceScores> Enumerate(IEnumerable<int[]> sequences, int topCount, CancellationToken cancellationToken)
    {
        var batch = new List<int[]>();
        var tokens = 0;
        var done = 0;
        foreach (var sequence in sequences)
        {
            if (batch.Count > 0 && tokens + sequence.Length > TokensPerBatch)
            {
                foreach (var scores in ScoreBatch(batch, topCount, done, cancellationToken))
                {
                    yield return scores;
                }

                done += batch.Count;
                tokens = 0;
                batch.Clear();
            }

            batch.Add(sequence);
            tokens += sequence.Length;
        }

        foreach (var scores in ScoreBatch(batch, topCount, done, cancellationToken))
        {
            yield return scores;
        }
    }

    private SequenceScores[] ScoreBatch(List<int[]> sequences, int topCount, int firstSequence, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var results = sequences.ConvertAll(ids => Empty(ids, topCount)).ToArray();
        int[][] filled = [.. sequences.Where(ids => ids.Length > 0)];
        if (filled.Length == 0)
        {
            return results;
        }

        using var tape = new Tape(_device, recordGradients: false);
        var batch = TokenBatch.FromLengths([.. filled.SelectMany(ids => ids)], Array.ConvertAll(filled, ids => ids.Length));
        var hidden = _model.Forward(tape, batch).Value;
        var start = 0;
        for (var i = 0; i < results.Length; i++)
        {
            FillScores(hidden, start, results[i], firstSequence + i);
            start += results[i].TokenIds.Length;
        }

        return results;
    }

    /// <summary>Row i of the hidden states predicts token i + 1; done in pieces that keep rows × (k + 1) small.</summary>
    private void FillScores(Tensor hidden, int start, SequenceScores scores, int sequence)
    {
        var predicted = scores.TokenIds.Length - 1;
        var k = scores.TopCount;
        var piece = Math.Max(1, HeadElementsAtOnce / (k + 1));
        for (var first = 0; first < predicted; first += piece)
        {
            var count = Math.Min(piece, predicted - first);
            using var rows = hidden.SliceRows(start + first, count);
            _device.HeadTopK(
                rows, _model.HeadWeight.Value, _model.HeadOptions, k, scores.TokenIds.AsMemory(first + 1, count),
                scores.TopIds.AsMemory((first + 1) * k, count * k), scores.TopLogProbabilities.AsMemory((first + 1) * k, count * k),
                scores.LogProbabilities.AsMemory(first + 1, count));
        }

        for (var i = 1; i <= predicted; i++)
        {
            if (float.IsNaN(scores.LogProbabilities[i]))
            {
                throw new CheckFailedException(
                    $"Sequence {sequence}, token {i}: the model's output is not a number. Its weights are damaged or training diverged.");
            }
        }
    }

    private static SequenceScores Empty(int[] ids, int topCount)
    {
        var scores = new SequenceScores(
            ids, new float[ids.Length], topCount, new int[checked(ids.Length * topCount)], new float[checked(ids.Length * topCount)]);
        if (ids.Length > 0)
        {
            scores.LogProbabilities[0] = float.NaN;
            scores.TopIds.AsSpan(0, topCount).Fill(-1);
            scores.TopLogProbabilities.AsSpan(0, topCount).Fill(float.NaN);
        }

        return scores;
    }
}
