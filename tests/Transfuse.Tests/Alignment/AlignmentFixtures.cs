using Transfuse.Alignment;
using Transfuse.Distributions;
using Transfuse.Tensors.Random;

namespace Transfuse.Tests.Alignment;

/// <summary>Data that several tests of alignment and fusion need.</summary>
internal static class AlignmentFixtures
{
    internal static string[] Alphabet { get; } = [.. "abcdefghijklmnopqrstuvwxyz.".Select(letter => letter.ToString()), "▁"];

    /// <summary>A tokenizer over the alphabet and random longer pieces.</summary>
    internal static ListTokenizer RandomTokenizer(RandomStream random, int extra, bool specials = true)
    {
        var pieces = new List<string>(specials ? ["<unk>", "<s>", "</s>", .. Alphabet] : Alphabet);
        while (pieces.Count < Alphabet.Length + extra)
        {
            var piece = RandomWord(random, 2 + random.NextInt32(4));
            if (!pieces.Contains(piece))
            {
                pieces.Add(piece);
            }
        }

        return new ListTokenizer([.. pieces]);
    }

    /// <summary>Text whose letters repeat often enough for longer pieces to occur.</summary>
    internal static string RandomText(RandomStream random, int words) =>
        string.Join(' ', Enumerable.Range(0, words).Select(_ => RandomWord(random, 1 + random.NextInt32(6))));

    /// <summary>Random top-k distributions, with rest mass, for every position of a text.</summary>
    internal static DocumentDistributions RandomDistributions(RandomStream random, TokenSequence text, int vocabularySize, int k, string id = "doc")
    {
        var starts = new int[text.Count + 1];
        var (ids, values) = (new List<int>(), new List<float>());
        for (var i = 0; i < text.Count; i++)
        {
            var kept = Enumerable.Range(0, k).Select(_ => random.NextInt32(vocabularySize)).Distinct().ToArray();
            var weights = kept.Select(_ => random.NextDouble() + 1e-3).OrderDescending().ToArray();
            var total = weights.Sum() + random.NextDouble();
            ids.AddRange(kept);
            values.AddRange(weights.Select(weight => (float)Math.Log(weight / total)));
            starts[i + 1] = ids.Count;
        }

        var gold = new float[text.Count];
        for (var i = 0; i + 1 < gold.Length; i++)
        {
            gold[i] = -4 * random.NextSingle();
        }

        return new DocumentDistributions(id, text.Ids, text.Ends, new SparseDistributions(starts, [.. ids], [.. values]), gold);
    }

    private static string RandomWord(RandomStream random, int length) =>
        string.Concat(Enumerable.Range(0, length).Select(_ => "aabbcde"[random.NextInt32(7)]));
}
