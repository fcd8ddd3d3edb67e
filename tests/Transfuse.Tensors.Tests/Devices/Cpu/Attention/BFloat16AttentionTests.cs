using Transfuse.Tensors.Devices;
using Transfuse.Tensors.Devices.Cpu;
using Transfuse.Tensors.Tests.Devices.Cpu.Gemm.Bf16;

namespace Transfuse.Tensors.Tests.Devices.Cpu.Attention;

/// <summary>
/// Attention whose products round their operands to bfloat16. Queries, keys and values are representable there, so that scores and their log-sums
/// are as exact as in float32; only probabilities and gradients of scores are rounded, by one part in 512.
/// </summary>
public sealed class BFloat16AttentionTests
{
    private const double Tolerance = 0.01;

    public static TheoryData<string> Masks => [.. AttentionMasks.All.Keys];

    [BFloat16Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(7)]
    [InlineData(16)]
    [InlineData(20)]
    [InlineData(33)]
    [InlineData(48)]
    [InlineData(64)]
    [InlineData(80)]
    [InlineData(96)]
    [InlineData(128)]
    [InlineData(160)]
    [InlineData(256)]
    public void Every_head_size_agrees_with_the_definition(int headSize) =>
        Check(AttentionCase.NewOptions(2, 1, headSize), AttentionCase.Documents(3, 70, 1, 17, 133));

    [BFloat16Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Every_document_length_agrees_with_the_definition(int group) =>
        Check(AttentionCase.NewOptions(2 * group, 2, 12), AttentionCase.Documents(1, 2, 3, 7, 16, 17, 33, 64, 65, 100, 130, 257));

    [BFloat16Theory]
    [MemberData(nameof(Masks))]
    public void Every_mask_agrees_with_the_definition(string mask) => Check(AttentionMasks.All[mask], AttentionCase.Documents(257, 5, 64, 100));

    [BFloat16Theory]
    [MemberData(nameof(Masks))]
    public void Queries_at_the_end_of_more_keys_agree_with_the_definition(string mask) =>
        Check(AttentionMasks.All[mask], [new(0, 1, 0, 130), new(1, 3, 130, 64), new(4, 71, 194, 200), new(75, 0, 394, 3), new(75, 5, 397, 5)]);

    [BFloat16Theory]
    [InlineData("causal")]
    [InlineData("all")]
    public void Results_have_the_same_bits_for_any_number_of_threads(string mask)
    {
        var attentionCase = new AttentionCase(
            AttentionMasks.All[mask] with { HeadSize = 160, Scale = 1 / 16f }, AttentionCase.Documents(1, 17, 65, 257, 3, 400));
        using var single = NewDevice(threads: 1);
        var (expectedOutput, expectedLogSumExp) = attentionCase.Forward(single);
        var expected = attentionCase.Backward(single);
        foreach (var threads in (int[])[2, 4])
        {
            using var device = NewDevice(threads);
            var (output, logSumExp) = attentionCase.Forward(device);
            var (dQuery, dKey, dValue) = attentionCase.Backward(device);
            Assert.Equal(expectedOutput, output);
            Assert.Equal(expectedLogSumExp, logSumExp);
            Assert.Equal(expected.DQuery, dQuery);
            Assert.Equal(expected.DKey, dKey);
            Assert.Equal(expected.DValue, dValue);
        }
    }

    [BFloat16Theory]
    [InlineData(0)]
    [InlineData(63)]
    [InlineData(130)]
    [InlineData(193)]
    [InlineData(199)]
    public void A_bad_token_leaves_those_that_do_not_see_it_numbers(int token)
    {
        // 71 queries at the end of 200 keys: the first tile of queries sees an odd number of them.
        var attentionCase = new AttentionCase(AttentionMasks.All["causal"], [new(0, 71, 0, 200)]);
        Array.Fill(attentionCase.Key, float.NaN, token * attentionCase.KeyColumns, attentionCase.KeyColumns);
        Array.Fill(attentionCase.Value, float.NaN, token * attentionCase.ValueColumns, attentionCase.ValueColumns);
        using var device = NewDevice(threads: 2);
        var (output, logSumExp) = attentionCase.Forward(device);
        var (dQuery, _, _) = attentionCase.Backward(device);
        foreach (var values in (float[][])[output, logSumExp, dQuery])
        {
            var columns = values.Length / 71;
            for (var query = 0; query < 71; query++)
            {
                Assert.Equal((query, 129 + query >= token), (query, values.AsSpan(query * columns, columns).ToArray().Any(float.IsNaN)));
            }
        }
    }

    private static CpuDevice NewDevice(int threads) => new(threads: threads, precision: ProductPrecision.BFloat16);

    private static void Check(AttentionOptions options, AttentionSegment[] segments)
    {
        var attentionCase = new AttentionCase(options with { Scale = 0.25f }, segments);
        foreach (var values in (float[][])[attentionCase.Query, attentionCase.Key, attentionCase.Value, attentionCase.DOutput])
        {
            for (var i = 0; i < values.Length; i++)
            {
                values[i] = BFloat16.FromSingle(values[i]).ToSingle();
            }
        }

        using var device = NewDevice(threads: 2);
        CpuDeviceAttentionTests.Check(device, attentionCase, new AttentionReference(attentionCase), Tolerance);
    }
}
