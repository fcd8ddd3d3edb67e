using Transfuse.Errors;
using Transfuse.Models;
using Transfuse.Tensors.Devices.Cpu;
using Transfuse.Tests.Models.Golden;

namespace Transfuse.Tests.Models;

public sealed class SequenceScorerTests : IDisposable
{
    private readonly CpuDevice _device = new(threads: 2);

    public void Dispose() => _device.Dispose();

    [Theory]
    [InlineData("llama", 0)]
    [InlineData("neox", 3)]
    [InlineData("mpt-clip", TinyModels.Vocabulary)]
    public void Scores_are_those_of_a_plain_softmax(string name, int topCount)
    {
        using var model = TinyModels.Create(name, _device);
        int[][] sequences = [TinyModels.Ids(7, 1), [], TinyModels.Ids(1, 2), TinyModels.Ids(30, 3), TinyModels.Ids(5, 4)];
        var scorer = new SequenceScorer(model, _device) { TokensPerBatch = 12 };
        var results = scorer.Score(sequences, topCount).ToList();
        Assert.Equal(sequences.Length, results.Count);
        foreach (var (ids, scores) in sequences.Zip(results))
        {
            Assert.Same(ids, scores.TokenIds);
            Assert.Equal(ids.Length, scores.LogProbabilities.Length);
            if (ids.Length == 0)
            {
                continue;
            }

            Assert.True(float.IsNaN(scores.LogProbabilities[0]));
            var expected = GoldenModelCase.LogProbabilities(
                GoldenModelCase.Logits(model, _device, TokenBatch.FromLengths(ids, [ids.Length])), TinyModels.Vocabulary);
            for (var i = 1; i < ids.Length; i++)
            {
                var row = expected[((i - 1) * TinyModels.Vocabulary)..(i * TinyModels.Vocabulary)];
                Assert.Equal(row[ids[i]], scores.LogProbabilities[i], 2e-5);
                int[] best = [.. Enumerable.Range(0, row.Length).OrderByDescending(id => row[id]).Take(topCount)];
                Assert.Equal(best, scores.TopIdsAt(i).ToArray());
                for (var j = 0; j < topCount; j++)
                {
                    Assert.Equal(row[best[j]], scores.TopLogProbabilitiesAt(i)[j], 2e-5);
                }
            }

            Assert.Equal(scores.LogProbabilities.Skip(1).Sum(value => (double)value), scores.TotalLogProbability, 1e-12);
        }
    }

    [Fact]
    public void A_damaged_model_is_named_by_the_sequence_that_shows_it()
    {
        using var model = TinyModels.Create("llama", _device);
        model.Parameters[0].Value.Row(5)[0] = float.NaN;
        var exception = Assert.Throws<CheckFailedException>(() => new SequenceScorer(model, _device).Score([[1, 2, 3], [1, 5, 3]]).ToList());
        Assert.StartsWith("Sequence 1, token ", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void More_than_the_vocabulary_is_refused()
    {
        using var model = TinyModels.Create("llama", _device);
        Assert.Throws<ArgumentOutOfRangeException>(() => new SequenceScorer(model, _device).Score([], TinyModels.Vocabulary + 1));
    }
}
