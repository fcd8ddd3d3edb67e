using Transfuse.Artifacts;
using Transfuse.Distributions;
using Transfuse.Tensors.Random;

namespace Transfuse.Tests.Distributions;

/// <summary>Stores and documents for the tests of the store.</summary>
internal static class StoreExamples
{
    public static DistributionStoreOptions Options(int vocabulary = 1000, int topK = 10) => new()
    {
        ModelHash = ContentHash.OfText("model"),
        TokenizerHash = ContentHash.OfText("tokenizer"),
        CorpusHash = ContentHash.OfText("corpus"),
        VocabularySize = vocabulary,
        TopK = topK,
        CreatedBy = "test",
    };

    /// <summary>
    /// A document of random distributions: softmax of normal logits times a temperature that varies from flat to certain, sorted, cut at k; the
    /// gold token is drawn from the distribution itself, so it is as often among the k as with a calibrated model.
    /// </summary>
    public static DocumentDistributions Document(string id, int tokens, int vocabulary, int topK, long seed, bool full = false)
    {
        var random = new RandomStream(seed, id);
        var (ids, ends, golds) = (new int[tokens], new int[tokens], new float[tokens]);
        var starts = new int[tokens + 1];
        var kept = new List<int>();
        var logs = new List<float>();
        for (var i = 0; i < tokens; i++)
        {
            var sorted = Distribution(random, vocabulary);
            var gold = Draw(random, sorted);
            ids[i] = i == 0 ? random.NextInt32(vocabulary) : ids[i];
            if (i + 1 < tokens)
            {
                ids[i + 1] = sorted[gold].Id;
                golds[i] = (float)sorted[gold].LogProbability;
            }

            ends[i] = (i == 0 ? 0 : ends[i - 1]) + random.NextInt32(9);
            var count = i % 7 == 3 && !full ? random.NextInt32(topK + 1) : Math.Min(topK, vocabulary);
            kept.AddRange(sorted[..count].Select(entry => entry.Id));
            logs.AddRange(sorted[..count].Select(entry => (float)entry.LogProbability));
            starts[i + 1] = kept.Count;
        }

        return new DocumentDistributions(id, ids, ends, new SparseDistributions(starts, [.. kept], [.. logs]), golds);
    }

    private static (int Id, double LogProbability)[] Distribution(RandomStream random, int vocabulary)
    {
        var sharpness = 0.5 + (4 * random.NextDouble());
        var logits = Enumerable.Range(0, vocabulary).Select(_ => sharpness * random.NextNormal()).ToArray();
        var peak = logits.Max();
        var logSum = peak + Math.Log(logits.Sum(logit => Math.Exp(logit - peak)));
        return logits.Select((logit, id) => (id, logit - logSum)).OrderByDescending(entry => entry.Item2).ToArray();
    }

    private static int Draw(RandomStream random, (int Id, double LogProbability)[] sorted)
    {
        var left = random.NextDouble();
        var index = 0;
        while (index < sorted.Length - 1 && (left -= Math.Exp(sorted[index].LogProbability)) > 0)
        {
            index++;
        }

        return index;
    }

    /// <summary>Compares within the bounds that docs/design/distribution-store.md states.</summary>
    public static void AssertClose(DocumentDistributions expected, DocumentDistributions actual)
    {
        Assert.Equal(expected.DocumentId, actual.DocumentId);
        Assert.Equal(expected.TokenIds, actual.TokenIds);
        Assert.Equal(expected.TokenEnds, actual.TokenEnds);
        Assert.Equal(expected.Next.Starts, actual.Next.Starts);
        Assert.Equal(expected.Next.Ids, actual.Next.Ids);
        for (var i = 0; i < expected.Next.Count; i++)
        {
            var before = expected.Next.LogProbabilitiesAt(i);
            var after = actual.Next.LogProbabilitiesAt(i);
            double mass = 0;
            for (var j = 0; j < before.Length; j++)
            {
                Assert.InRange(after[j] - Math.Max(before[j], -100), -Bound(before[j]), Bound(before[j]));
                Assert.True(j == 0 || after[j] <= after[j - 1]);
                mass += Math.Exp(after[j]);
            }

            Assert.InRange(mass, 0, 1);
            var gold = expected.GoldLogProbabilities[i];
            Assert.InRange(actual.GoldLogProbabilities[i] - gold, -Bound(gold), Bound(gold));
        }
    }

    public static void AssertEqual(DocumentDistributions expected, DocumentDistributions actual)
    {
        Assert.Equal(expected.DocumentId, actual.DocumentId);
        Assert.Equal(expected.TokenIds, actual.TokenIds);
        Assert.Equal(expected.TokenEnds, actual.TokenEnds);
        Assert.Equal(expected.Next.Starts, actual.Next.Starts);
        Assert.Equal(expected.Next.Ids, actual.Next.Ids);
        Assert.Equal(expected.Next.LogProbabilities, actual.Next.LogProbabilities);
        Assert.Equal(expected.GoldLogProbabilities, actual.GoldLogProbabilities);
    }

    // One step, or fp16's spacing at the value where that is more; 1e-6 for the float32 arithmetic of the comparison.
    private static double Bound(double value) => Math.Max(1.0 / 256, Math.Abs(value) / 1024) + 1e-6;
}
