using Transfuse.Tensors.Devices;
using Transfuse.Tensors.Devices.Cpu;
using Transfuse.Tensors.Errors;

namespace Transfuse.Tensors.Tests.Devices.Cpu.Attention;

/// <summary>Keys and values whose heads lie one below the other, as a cache holds them.</summary>
public sealed class StackedHeadsTests
{
    private const int Heads = 3, Size = 20, Tokens = 90;

    private static readonly AttentionOptions Options = new() { QueryHeads = 2 * Heads, KeyValueHeads = Heads, HeadSize = Size, Scale = 0.2f };

    public static TheoryData<KernelTier> Tiers() => [.. KernelTiers.Available];

    [Theory]
    [MemberData(nameof(Tiers))]
    public void They_give_the_bits_of_heads_side_by_side(KernelTier tier)
    {
        using var device = new CpuDevice(tier, threads: 2);
        using var query = TestTensors.Normal(device, 12, Options.QueryHeads * Size, 1);
        using var beside = TestTensors.Normal(device, Tokens, 2 * Heads * Size, 2);
        using var below = device.Allocate(new Shape(2 * Heads * Tokens, Size));
        for (var head = 0; head < 2 * Heads; head++)
        {
            for (var token = 0; token < Tokens; token++)
            {
                beside.Row(token).Slice(head * Size, Size).CopyTo(below.Row((head * Tokens) + token));
            }
        }

        // A token alone, and some together.
        AttentionSegment[] segments = [new(0, 1, 3, 70), new(1, 11, 10, 80)];
        Assert.Equal(
            Attend(device, query, beside, new HeadLayout(0, Size), new HeadLayout(Heads * Size, Size), segments),
            Attend(device, query, below, new HeadLayout(0, Tokens * Size), new HeadLayout(Heads * Tokens * Size, Tokens * Size), segments));
    }

    [Fact]
    public void What_leaves_the_rows_is_refused()
    {
        using var device = new CpuDevice(threads: 1);
        using var query = TestTensors.Normal(device, 1, Options.QueryHeads * Size, 1);
        using var rows = TestTensors.Normal(device, 2 * Heads * Tokens, Size, 2);
        var (key, value) = (new HeadLayout(0, Tokens * Size), new HeadLayout(Heads * Tokens * Size, Tokens * Size));
        Attend(device, query, rows, key, value, [new(0, 1, 0, Tokens)]);
        Assert.Contains("key rows", Assert.Throws<ArgumentException>(() => Attend(device, query, rows, key, value, [new(0, 1, 0, Tokens + 1)])).Message, StringComparison.Ordinal);
        foreach (var wrong in (HeadLayout[])[new(1, Tokens * Size), new(0, (Tokens * Size) + 1), new(0, 3 * Tokens * Size), new(2 * Heads * Tokens * Size, Tokens * Size)])
        {
            Assert.Throws<ShapeMismatchException>(() => Attend(device, query, rows, wrong, value, [new(0, 1, 0, 1)]));
        }
    }

    [Fact]
    public void They_have_no_gradient()
    {
        using var device = new CpuDevice(threads: 1);
        using var query = TestTensors.Normal(device, 1, Options.QueryHeads * Size, 1);
        using var rows = TestTensors.Normal(device, 2 * Heads * Tokens, Size, 2);
        using var logSumExp = TestTensors.Normal(device, 1, Options.QueryHeads, 3);
        var (key, value) = (new HeadLayout(0, Tokens * Size), new HeadLayout(Heads * Tokens * Size, Tokens * Size));
        Assert.Throws<ShapeMismatchException>(() => device.AttentionBackward(
            query, new HeadLayout(0, Size), rows, key, rows, value, Options, new AttentionSegment[] { new(0, 1, 0, 5) }, query, logSumExp, query, query, rows, rows));
    }

    private static float[] Attend(CpuDevice device, Tensor query, Tensor rows, HeadLayout key, HeadLayout value, AttentionSegment[] segments)
    {
        using var output = device.Allocate(query.Shape);
        using var logSumExp = device.Allocate(new Shape(query.Rows, Options.QueryHeads));
        device.Attention(query, new HeadLayout(0, Size), rows, key, rows, value, Options, segments, output, logSumExp);
        return [.. output.AsSpan(), .. logSumExp.AsSpan()];
    }
}
