using Transfuse.Tensors.Devices;
using Transfuse.Tensors.Devices.Cpu;
using Transfuse.Tensors.Errors;
using Transfuse.Tensors.Tests.Devices.Cpu.Attention;
using Transfuse.Tests.Shared;

namespace Transfuse.Tensors.Tests.Devices.Cpu;

public sealed class CpuDeviceAttentionTests
{
    private static readonly int[] s_awkwardLengths = [1, 2, 3, 7, 16, 17, 33, 64, 65, 100, 130, 257];

    public static TheoryData<KernelTier> Tiers => [.. KernelTiers.Available];

    public static TheoryData<string> Masks => [.. AttentionMasks.All.Keys];

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(7)]
    [InlineData(8)]
    [InlineData(12)]
    [InlineData(16)]
    [InlineData(20)]
    [InlineData(32)]
    [InlineData(48)]
    [InlineData(64)]
    [InlineData(80)]
    [InlineData(96)]
    [InlineData(128)]
    [InlineData(256)]
    public void Every_head_size_agrees_with_the_definition(int headSize) =>
        Check(new AttentionCase(AttentionCase.NewOptions(2, 1, headSize), AttentionCase.Documents(3, 70, 1, 17)));

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Every_document_length_agrees_with_the_definition(int group) =>
        Check(new AttentionCase(AttentionCase.NewOptions(2 * group, 2, 12), AttentionCase.Documents(s_awkwardLengths), fused: group % 2 == 0));

    [Theory]
    [MemberData(nameof(Masks))]
    public void Every_mask_agrees_with_the_definition(string mask) =>
        Check(new AttentionCase(AttentionMasks.All[mask], AttentionCase.Documents(257, 5, 64, 100)));

    [Theory]
    [MemberData(nameof(Masks))]
    public void Queries_at_the_end_of_more_keys_agree_with_the_definition(string mask) =>
        Check(new AttentionCase(
            AttentionMasks.All[mask],
            [new(0, 1, 0, 130), new(1, 3, 130, 64), new(4, 70, 194, 200), new(74, 0, 394, 3), new(74, 5, 397, 5), new(79, 6, 402, 2), new(85, 2, 404, 0)]));

    [Theory]
    [InlineData("causal")]
    [InlineData("bidirectional")]
    [InlineData("window 20")]
    [InlineData("all")]
    public void Documents_of_several_blocks_of_keys_agree_with_the_definition(string mask) =>
        Check(new AttentionCase(
            AttentionMasks.All[mask] with { HeadSize = 256, Scale = 1 / 16f, QueryHeads = 4, KeyValueHeads = 2 },
            [new(0, 290, 0, 290), new(290, 2, 290, 3), new(292, 70, 293, 140)]));

    [Fact]
    public void Large_scores_neither_overflow_nor_lose_the_sum()
    {
        var options = AttentionCase.NewOptions(2, 2, 16) with { Scale = 8 };
        Check(new AttentionCase(options, AttentionCase.Documents(150)), absolute: 5e-4);
    }

    [Theory]
    [MemberData(nameof(Tiers))]
    public void Results_have_the_same_bits_for_any_number_of_threads(KernelTier tier)
    {
        // With heads of 160 a block has 192 keys, so that the longer documents are shared among threads.
        var attentionCase = new AttentionCase(AttentionCase.NewOptions(6, 2, 160), AttentionCase.Documents(1, 17, 65, 257, 3, 400));
        using var single = new CpuDevice(tier, threads: 1);
        var (expectedOutput, expectedLogSumExp) = attentionCase.Forward(single);
        var expected = attentionCase.Backward(single);
        foreach (var threads in (int[])[2, 4, 4])
        {
            using var device = new CpuDevice(tier, threads);
            var (output, logSumExp) = attentionCase.Forward(device);
            var gradients = attentionCase.Backward(device);
            Assert.Equal(expectedOutput, output);
            Assert.Equal(expectedLogSumExp, logSumExp);
            Assert.Equal(expected.DQuery, gradients.DQuery);
            Assert.Equal(expected.DKey, gradients.DKey);
            Assert.Equal(expected.DValue, gradients.DValue);
        }
    }

    [Theory]
    [MemberData(nameof(Tiers))]
    public void A_NaN_stays_in_its_document(KernelTier tier)
    {
        var attentionCase = new AttentionCase(AttentionCase.NewOptions(2, 2, 16), AttentionCase.Documents(70, 9, 130));
        foreach (var row in (int[])[70, 78])
        {
            Array.Fill(attentionCase.Query, float.NaN, row * attentionCase.QueryColumns, attentionCase.QueryColumns);
            Array.Fill(attentionCase.Key, float.NaN, row * attentionCase.KeyColumns, attentionCase.KeyColumns);
            Array.Fill(attentionCase.Value, float.NaN, row * attentionCase.ValueColumns, attentionCase.ValueColumns);
        }

        using var device = new CpuDevice(tier, threads: 1);
        var (output, logSumExp) = attentionCase.Forward(device);
        var (dQuery, dKey, dValue) = attentionCase.Backward(device);
        AssertNaNRows(output, attentionCase.QueryRows, row => row is >= 70 and < 79);
        AssertNaNRows(logSumExp, attentionCase.QueryRows, row => row is >= 70 and < 79);
        AssertNaNRows(dQuery, attentionCase.QueryRows, row => row is >= 70 and < 79);
        AssertNaNRows(dKey, attentionCase.QueryRows, row => row is >= 70 and < 79);
        AssertNaNRows(dValue, attentionCase.QueryRows, row => row is >= 70 and < 79);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(64)]
    public void Tiles_that_no_query_sees_are_not_read(int window)
    {
        // Keys from 128 on are later than the queries 0 to 127; with a window of 64, keys to 63 are too early for the queries from 128 on.
        var options = AttentionCase.NewOptions(1, 1, 16) with { Window = window };
        var attentionCase = new AttentionCase(options, AttentionCase.Documents(256));
        var spoiled = window == 0 ? 128 : 0;
        for (var row = spoiled; row < spoiled + 64; row++)
        {
            attentionCase.Value[attentionCase.ValueIndex(row, 0)] = float.NaN;
        }

        using var device = new CpuDevice(threads: 1);
        AssertNaNRows(attentionCase.Forward(device).Output, 256, row => window == 0 ? row >= 128 : row < 127);
    }

    [Fact]
    public void Memory_grows_with_the_tokens_and_not_with_their_square()
    {
        const int Tokens = 8192;
        var attentionCase = new AttentionCase(AttentionCase.NewOptions(2, 1, 16), AttentionCase.Documents(Tokens));
        using var device = new CpuDevice(threads: 2);
        using var operands = new AttentionCase.Operands(attentionCase, device);
        var before = device.Memory.ReservedBytes;
        operands.Forward();
        operands.Backward();
        var scratch = device.Memory.ReservedBytes - before;
        Assert.InRange(scratch, 0, Tokens * 1024L);
        Assert.DoesNotContain(float.NaN, operands.DKey.AsSpan().ToArray());
    }

    [Fact]
    public void A_steady_call_allocates_next_to_no_managed_memory()
    {
        var attentionCase = new AttentionCase(AttentionCase.NewOptions(4, 2, 32), AttentionCase.Documents(64, 3, 200));
        using var device = new CpuDevice(threads: 2);
        using var operands = new AttentionCase.Operands(attentionCase, device);
        operands.Forward();
        operands.Backward();
        var before = GC.GetAllocatedBytesForCurrentThread();
        operands.Forward();
        operands.Backward();
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1024);
    }

    [Fact]
    public void The_gradient_of_a_bias_has_the_same_bits_for_any_number_of_threads()
    {
        var attentionCase = new AttentionCase(
            AttentionMasks.All["relative both ways"] with { HeadSize = 160, Scale = 0.1f }, AttentionCase.Documents(1, 17, 65, 257, 3, 400));
        using var single = new CpuDevice(threads: 1);
        attentionCase.Backward(single);
        var expected = attentionCase.DBias;
        using var device = new CpuDevice(threads: 4);
        attentionCase.Backward(device);
        Assert.Equal(expected, attentionCase.DBias);
    }

    [Fact]
    public void A_bias_that_is_missing_not_asked_for_or_of_another_size_is_refused()
    {
        using var device = new CpuDevice(threads: 1);
        var asks = AttentionMasks.All["relative"];
        var attentionCase = new AttentionCase(asks, AttentionCase.Documents(4));
        using var operands = new AttentionCase.Operands(attentionCase, device);
        using var small = device.AllocateZeroed(new Shape(31, 4));
        void Attend(AttentionOptions options, Tensor? bias) => device.Attention(
            operands.Query, attentionCase.QueryLayout, operands.Key, attentionCase.KeyLayout, operands.Value, attentionCase.ValueLayout,
            options, attentionCase.Segments, operands.Output, operands.LogSumExp, bias);
        Assert.Contains("missing", Assert.Throws<ArgumentException>(() => Attend(asks, null)).Message, StringComparison.Ordinal);
        Assert.Contains("have none", Assert.Throws<ArgumentException>(() => Attend(asks with { RelativeBias = null }, operands.Bias)).Message, StringComparison.Ordinal);
        Assert.Throws<ShapeMismatchException>(() => Attend(asks, small));
        var odd = asks with { RelativeBias = new RelativeBuckets(31, 128, IsBidirectional: true) };
        Assert.Contains("even number", Assert.Throws<ArgumentException>(() => Attend(odd, small)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Keys_of_no_document_get_no_gradient()
    {
        var attentionCase = new AttentionCase(AttentionCase.NewOptions(1, 1, 4), [new(0, 2, 3, 4), new(2, 1, 9, 2)]);
        using var device = new CpuDevice(threads: 1);
        var (_, dKey, dValue) = attentionCase.Backward(device);
        foreach (var row in (int[])[0, 1, 2, 7, 8])
        {
            Assert.All(dKey.AsSpan(attentionCase.KeyIndex(row, 0), 4).ToArray(), value => Assert.Equal(0, value));
            Assert.All(dValue.AsSpan(attentionCase.ValueIndex(row, 0), 4).ToArray(), value => Assert.Equal(0, value));
        }
    }

    [Fact]
    public void Documents_may_come_in_any_order()
    {
        AttentionSegment[] ordered = [new(0, 5, 0, 7), new(5, 20, 7, 20), new(25, 3, 27, 3)];
        var attentionCase = new AttentionCase(AttentionCase.NewOptions(2, 1, 8), ordered);
        var shuffled = new AttentionCase(AttentionCase.NewOptions(2, 1, 8), [ordered[2], ordered[0], ordered[1]]);
        using var device = new CpuDevice(threads: 1);
        Assert.Equal(attentionCase.Forward(device).Output, shuffled.Forward(device).Output);
        Assert.Equal(attentionCase.Backward(device).DKey, shuffled.Backward(device).DKey);
    }

    [Theory]
    [InlineData("leaves", 0, 4, 0, 5)]
    [InlineData("leaves", -1, 4, 0, 4)]
    [InlineData("leave out", 0, 3, 0, 4)]
    [InlineData("more than one", 0, 4, 0, 4, 3, 1, 0, 4)]
    public void Segments_that_do_not_fit_the_rows_are_refused(string message, params int[] numbers)
    {
        var attentionCase = new AttentionCase(AttentionCase.NewOptions(1, 1, 4), AttentionCase.Documents(4));
        var segments = numbers.Chunk(4).Select(n => new AttentionSegment(n[0], n[1], n[2], n[3])).ToArray();
        using var device = new CpuDevice(threads: 1);
        using var operands = new AttentionCase.Operands(attentionCase, device);
        var error = Assert.Throws<ArgumentException>(() => device.Attention(
            operands.Query, attentionCase.QueryLayout, operands.Key, attentionCase.KeyLayout, operands.Value, attentionCase.ValueLayout,
            attentionCase.Options, segments, operands.Output, operands.LogSumExp));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Keys_of_two_documents_are_refused_in_the_backward_pass_only()
    {
        var attentionCase = new AttentionCase(AttentionCase.NewOptions(1, 1, 4), [new(0, 2, 0, 4), new(2, 2, 0, 4)]);
        using var device = new CpuDevice(threads: 1);
        TensorAssert.Close(new AttentionReference(attentionCase).Output, attentionCase.Forward(device).Output, 1e-5, 0);
        Assert.Contains("key row 0", Assert.Throws<ArgumentException>(() => attentionCase.Backward(device)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Heads_that_leave_the_columns_are_refused()
    {
        var attentionCase = new AttentionCase(AttentionCase.NewOptions(2, 1, 4), AttentionCase.Documents(4));
        using var device = new CpuDevice(threads: 1);
        using var operands = new AttentionCase.Operands(attentionCase, device);
        Assert.Throws<ShapeMismatchException>(() => device.Attention(
            operands.Query, new HeadLayout(10, 10), operands.Key, attentionCase.KeyLayout, operands.Value, attentionCase.ValueLayout,
            attentionCase.Options, attentionCase.Segments, operands.Output, operands.LogSumExp));
        Assert.Throws<ShapeMismatchException>(() => device.Attention(
            operands.Query, new HeadLayout(0, 3), operands.Key, attentionCase.KeyLayout, operands.Value, attentionCase.ValueLayout,
            attentionCase.Options, attentionCase.Segments, operands.Output, operands.LogSumExp));
    }

    // Values and gradients are of order 1; float32 sums of up to a few hundred terms stay within 2e-5 of them.
    private static void Check(AttentionCase attentionCase, double absolute = 2e-5)
    {
        var reference = new AttentionReference(attentionCase);
        foreach (var tier in KernelTiers.Available)
        {
            using var device = new CpuDevice(tier, threads: 2);
            Check(device, attentionCase, reference, absolute);
        }
    }

    /// <summary>Compares output and gradients with the reference; gradients with five times the tolerance.</summary>
    internal static void Check(CpuDevice device, AttentionCase attentionCase, AttentionReference reference, double absolute)
    {
        var (output, logSumExp) = attentionCase.Forward(device);
        TensorAssert.Close(reference.Output, output, absolute, 1e-5, $"output ({device.Tier})");
        for (var i = 0; i < logSumExp.Length; i++)
        {
            Assert.True(
                reference.LogSumExp[i].Equals(logSumExp[i]) || Math.Abs(reference.LogSumExp[i] - logSumExp[i]) < 1e-5 + (1e-6 * Math.Abs(logSumExp[i])),
                $"{device.Tier}: logSumExp[{i}]: expected {reference.LogSumExp[i]}, got {logSumExp[i]}");
        }

        var (dQuery, dKey, dValue) = attentionCase.Backward(device);
        if (attentionCase.DBias is { } dBias)
        {
            TensorAssert.Close([.. reference.DBias.Select(value => value + 1)], dBias, 5 * absolute, 1e-5, $"dBias ({device.Tier})");
        }

        if (attentionCase.Fused)
        {
            var sum = reference.DQuery.Zip(reference.DKey, (q, k) => q + k).Zip(reference.DValue, (qk, v) => qk + v).ToArray();
            TensorAssert.Close(sum, dQuery, 5 * absolute, 1e-5, $"dQueryKeyValue ({device.Tier})");
            return;
        }

        var (options, heads) = (attentionCase.Options, attentionCase.Options.KeyValueHeads);
        var headSize = options.HeadSize;
        CheckGradient(reference.DQuery, dQuery, attentionCase.QueryColumns, attentionCase.QueryLayout, options.QueryHeads, headSize, absolute, $"dQuery ({device.Tier})");
        CheckGradient(reference.DKey, dKey, attentionCase.KeyColumns, attentionCase.KeyLayout, heads, headSize, absolute, $"dKey ({device.Tier})");
        CheckGradient(reference.DValue, dValue, attentionCase.ValueColumns, attentionCase.ValueLayout, heads, headSize, absolute, $"dValue ({device.Tier})");
    }

    private static void CheckGradient(
        double[] expected, float[] actual, int columns, HeadLayout layout, int heads, int headSize, double absolute, string what)
    {
        var wanted = expected.ToArray();
        for (var i = 0; i < wanted.Length; i++)
        {
            var column = (i % columns) - layout.Offset;
            if (column < 0 || column / layout.Stride >= heads || column % layout.Stride >= headSize)
            {
                wanted[i] = AttentionCase.Untouched;
            }
        }

        TensorAssert.Close(wanted, actual, 5 * absolute, 1e-5, what);
    }

    private static void AssertNaNRows(float[] values, int rows, Func<int, bool> isNaN)
    {
        var columns = values.Length / rows;
        for (var row = 0; row < rows; row++)
        {
            Assert.Equal((row, isNaN(row)), (row, values.AsSpan(row * columns, columns).ToArray().Any(float.IsNaN)));
        }
    }
}
