using Transfuse.Alignment;
using Transfuse.Errors;
using Transfuse.Fusion;
using Transfuse.Tensors.Random;

namespace Transfuse.Tests.Fusion;

public sealed class CrossEntropyMeasureTests
{
    // Tokens end at 0 (BOS), 2, 6, 6 (EOS); they cost 1, 2 and 4 nats.
    private static readonly FusionSource WithSpecials = Source([0, 2, 6, 6], [-1, -2, -4, 0]);

    // Without BOS the first token has no cost; the others cost 3 and 1 nats.
    private static readonly FusionSource Plain = Source([1, 4, 6], [-3, -1, 0]);

    [Fact]
    public void A_document_is_judged_per_byte_over_the_text_that_all_sources_scored()
    {
        // From byte 1: half of the first token (.5) and the second (2), over 5 bytes; 3 + 1 over the same 5.
        Assert.Equal([.5, .5, .8, .8], Measure([WithSpecials, Plain], [2, 6], new() { Granularity = CrossEntropyGranularity.Document }));
    }

    [Fact]
    public void A_document_is_judged_per_token_as_in_the_original() =>
        Assert.Equal([Math.Round(7 / 3.0, 10), 2], Measure(
            [WithSpecials, Plain], [6], new() { Granularity = CrossEntropyGranularity.Document, Unit = CrossEntropyUnit.Token }));

    [Fact]
    public void A_window_counts_the_bytes_around_the_position()
    {
        // Around byte 3, ±1: bytes 2 to 4 cost half of the second token, 1 nat over 2 bytes; 3 nats over 3 bytes are 1 a byte.
        Assert.Equal([.5, 1], Measure([WithSpecials, Plain], [3], new() { WindowBytes = 1 }));
        Assert.Equal([.5, .8], Measure([WithSpecials, Plain], [3], new() { WindowBytes = 100 }));
    }

    [Fact]
    public void Windows_agree_with_a_sum_over_single_bytes()
    {
        var random = new RandomStream(4, "windows");
        for (var trial = 0; trial < 50; trial++)
        {
            var source = RandomSource(random, 80);
            var ends = Enumerable.Range(0, 20).Select(_ => random.NextInt32(81)).Order().ToArray();
            var radius = 1 + random.NextInt32(20);
            var actual = Measure([source], ends, new() { WindowBytes = radius });
            for (var i = 0; i < ends.Length; i++)
            {
                var (low, high) = (Math.Max(source.TokenEnds[0], ends[i] - radius), Math.Min(source.TokenEnds[^1], ends[i] + radius));
                if (high > low)
                {
                    Assert.Equal(Enumerable.Range(low, high - low).Average(at => CostOfByte(source, at)), actual[i], 1e-9);
                }
            }
        }
    }

    [Fact]
    public void Numbers_that_are_not_finite_and_missing_ones_are_errors()
    {
        Assert.Contains("token 1", Assert.Throws<TransfuseException>(
            () => Measure([Source([0, 2], [float.NaN, 0])], [2], new())).Message, StringComparison.Ordinal);
        Assert.Throws<TransfuseException>(() => Measure([Source([0, 2], [-1])], [2], new()));
        Assert.Throws<TransfuseException>(() => Measure([Plain], [2], new() { Granularity = CrossEntropyGranularity.Block }));
    }

    [Fact]
    public void Texts_without_scored_bytes_count_zero() => Assert.Equal([0, 0], Measure([Source([3], [0]), Source([], [])], [3], new()));

    private static double CostOfByte(FusionSource source, int at)
    {
        var token = Array.FindIndex(source.TokenEnds, end => end > at);
        return -source.GoldLogProbabilities[token - 1] / (double)(source.TokenEnds[token] - source.TokenEnds[token - 1]);
    }

    private static FusionSource RandomSource(RandomStream random, int length)
    {
        int[] ends = [0, .. Enumerable.Range(1, length - 1).Where(_ => random.NextInt32(3) == 0), length];
        return Source(ends, [.. ends.Select(_ => -5 * random.NextSingle())]);
    }

    private static FusionSource Source(int[] ends, float[] gold) => new(new AlignedDocument([0], [], [], [], [], default), ends, gold);

    private static double[] Measure(FusionSource[] sources, int[] targetEnds, CrossEntropyOptions options)
    {
        var values = new double[sources.Length * targetEnds.Length];
        CrossEntropyMeasure.Measure(sources, new TokenSequence(new int[targetEnds.Length], targetEnds), options, values);
        return [.. values.Select(value => Math.Round(value, 10))];
    }
}
