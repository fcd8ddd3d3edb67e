using Transfuse.Distributions;
using Transfuse.Tensors.Random;

namespace Transfuse.Tests.Distributions;

public sealed class DistributionCodecTests
{
    [Theory]
    [InlineData(1, 1, 5)]
    [InlineData(2, 2, 9)]
    [InlineData(50, 0, 9)]
    [InlineData(257, 10, 40)]
    [InlineData(1000, 33, 3)]
    [InlineData(1000, 10, 0)]
    [InlineData(1000, 10, 1)]
    public void Decoding_gives_the_document_within_the_stated_bounds(int vocabulary, int topK, int tokens)
    {
        var codec = new DistributionCodec(vocabulary, topK);
        var document = StoreExamples.Document("id/é😀", tokens, vocabulary, topK, seed: 3);
        var decoded = codec.Decode(codec.Encode(document));
        StoreExamples.AssertClose(document, decoded);

        // What was decoded once is on the grid: nothing is lost by storing it again.
        StoreExamples.AssertEqual(decoded, codec.Decode(codec.Encode(decoded)));
    }

    [Fact]
    public void At_k_10_and_32000_ids_a_token_takes_at_most_36_bytes()
    {
        var codec = new DistributionCodec(32_000, 10);
        var bytes = codec.Encode(StoreExamples.Document("x", 200, 32_000, 10, seed: 4, full: true)).Length + BlockHeader.Size;
        Assert.InRange(bytes / 200.0, 20, 36);
    }

    [Fact]
    public void Forged_payloads_with_a_right_checksum_never_crash_the_decoder()
    {
        var codec = new DistributionCodec(1000, 10);
        var payload = codec.Encode(StoreExamples.Document("x", 6, 1000, 10, seed: 5));
        var random = new RandomStream(6, "forge");
        for (var round = 0; round < 20_000; round++)
        {
            var forged = payload[..(round % 3 == 0 ? random.NextInt32(payload.Length) : payload.Length)];
            for (var i = 0; i < 1 + (round % 4) && forged.Length > 0; i++)
            {
                forged[random.NextInt32(Math.Min(forged.Length, round % 2 == 0 ? 8 : int.MaxValue))] = (byte)random.NextUInt64();
            }

            var exception = Record.Exception(() => codec.Decode(forged));
            Assert.True(exception is null or InvalidDataException, exception?.ToString());
        }
    }

    [Fact]
    public void Parts_that_do_not_fit_are_refused_with_document_and_position()
    {
        var codec = new DistributionCodec(1000, 10);
        var good = StoreExamples.Document("doc", 5, 1000, 10, seed: 7);
        AssertRefused(codec, good with { TokenEnds = [1] }, "1 ends");
        AssertRefused(codec, good with { TokenEnds = [3, 2, 5, 6, 7] }, "token 1");
        AssertRefused(codec, good with { TokenIds = [1, 2, 3, 4, 1000] }, "1000");
        AssertRefused(codec, good with { Next = good.Next with { LogProbabilities = [] } }, "0 log-probabilities");
        AssertRefused(new DistributionCodec(1000, 9), good, "at most 9");
        var broken = (float[])good.Next.LogProbabilities.Clone();
        broken[good.Next.Starts[2]] = float.NaN;
        AssertRefused(codec, good with { Next = good.Next with { LogProbabilities = broken } }, "position 2");
    }

    private static void AssertRefused(DistributionCodec codec, DocumentDistributions document, string what) =>
        Assert.Contains(what, Assert.ThrowsAny<ArgumentException>(() => codec.Encode(document)).Message);
}
