using Transfuse.Tensors.Devices;
using Transfuse.Tensors.Devices.Cpu;
using Transfuse.Tensors.Errors;
using Transfuse.Tensors.Random;

namespace Transfuse.Tensors.Tests.Devices.Cpu;

public sealed class CpuDeviceHeadTopKTests
{
    public static TheoryData<KernelTier> Tiers => [.. KernelTiers.Available];

    [Theory]
    [MemberData(nameof(Tiers))]
    public void Equals_sorting_all_ids(KernelTier tier)
    {
        using var device = new CpuDevice(tier, threads: 2);
        foreach (var v in (int[])[1, 7, 511, 512, 513, 5000])
        {
            foreach (var k in (int[])[0, 1, 3, 10, 200, v - 1, v])
            {
                if (k <= v)
                {
                    Check(device, 9, 12, v, k, v % 2 == 0 ? HeadOptions.Plain : new HeadOptions(0.8f, 6));
                }
            }
        }
    }

    [Fact]
    public void Equals_sorting_over_several_chunks()
    {
        using var device = new CpuDevice(threads: 2);
        Check(device, 1100, 3, 40, 5, HeadOptions.Plain);
    }

    [Fact]
    public void Ties_go_to_the_lower_id()
    {
        using var device = new CpuDevice(threads: 2);
        using var hidden = device.AllocateZeroed(new Shape(2, 4));
        using var weight = device.AllocateZeroed(new Shape(3000, 4));
        hidden.Row(1).Fill(1);
        weight.Row(2999).Fill(1);
        weight.Row(700).Fill(1);
        var (ids, values, gold) = Run(device, hidden, weight, HeadOptions.Plain, 4, [2, -1]);
        Assert.Equal([0, 1, 2, 3, 700, 2999, 0, 1], ids);
        Assert.Equal(-Math.Log(3000), values[3], 2e-6);
        Assert.Equal(values[3], gold[0]);
        Assert.Equal(0, gold[1]);
    }

    [Fact]
    public void Not_a_number_is_reported_in_its_row_only()
    {
        using var device = new CpuDevice(threads: 2);
        using var hidden = device.AllocateZeroed(new Shape(3, 4));
        using var weight = device.AllocateZeroed(new Shape(600, 4));
        hidden.Row(1).Fill(float.NaN);
        var (_, values, gold) = Run(device, hidden, weight, HeadOptions.Plain, 2, [1, 1, 1]);
        Assert.Equal([false, false, true, true, false, false], values.Select(float.IsNaN));
        Assert.Equal([false, true, false], gold.Select(float.IsNaN));
    }

    [Fact]
    public void Arguments_that_do_not_fit_are_refused()
    {
        using var device = new CpuDevice(threads: 1);
        using var hidden = device.AllocateZeroed(new Shape(3, 4));
        using var weight = device.AllocateZeroed(new Shape(6, 4));
        using var narrow = device.AllocateZeroed(new Shape(6, 3));
        Assert.Throws<ArgumentOutOfRangeException>(() => Run(device, hidden, weight, HeadOptions.Plain, 7, [0, 0, 0]));
        Assert.Throws<ArgumentOutOfRangeException>(() => Run(device, hidden, weight, HeadOptions.Plain, -1, [0, 0, 0]));
        Assert.Throws<ArgumentException>(() => Run(device, hidden, weight, HeadOptions.Plain, 2, [0, 6, 0]));
        Assert.Throws<ArgumentException>(() => Run(device, hidden, weight, HeadOptions.Plain, 2, [0, 0]));
        Assert.Throws<ShapeMismatchException>(() => Run(device, hidden, narrow, HeadOptions.Plain, 2, [0, 0, 0]));
    }

    private static (int[] Ids, float[] Values, float[] Gold) Run(
        CpuDevice device, Tensor hidden, Tensor weight, HeadOptions options, int k, int[] labels)
    {
        var count = hidden.Rows * Math.Max(k, 0);
        var (ids, values, gold) = (new int[count], new float[count], new float[hidden.Rows]);
        device.HeadTopK(hidden, weight, options, k, labels, ids, values, gold);
        return (ids, values, gold);
    }

    private static void Check(CpuDevice device, int n, int h, int v, int k, HeadOptions options)
    {
        var random = new RandomStream(7, $"{v} {k}");
        using var hidden = device.Allocate(new Shape(n, h));
        using var weight = device.Allocate(new Shape(v, h));
        foreach (var tensor in (Tensor[])[hidden, weight])
        {
            foreach (ref var value in tensor.AsSpan())
            {
                value = (float)random.NextNormal();
            }
        }

        var labels = Enumerable.Range(0, n).Select(row => row % 4 == 3 ? -1 : random.NextInt32(v)).ToArray();
        var (ids, values, gold) = Run(device, hidden, weight, options, k, labels);
        var reference = new CrossEntropyReference(hidden, weight, options);
        for (var row = 0; row < n; row++)
        {
            var expected = reference.LogProbabilities(row);
            var order = Enumerable.Range(0, v).OrderByDescending(id => expected[id]).ThenBy(id => id).ToArray();
            var what = $"v {v} k {k} row {row}";
            Assert.Equal(labels[row] < 0 ? 0 : expected[labels[row]], gold[row], 5e-6);
            Assert.Equal(k, ids.AsSpan(row * k, k).ToArray().Distinct().Count());
            for (var i = 0; i < k; i++)
            {
                // Ids whose logits agree to rounding may change places; their values may not.
                var value = values[(row * k) + i];
                Assert.True(Math.Abs(expected[order[i]] - value) <= 5e-6, $"{what}: {i}-th is {value}, expected {expected[order[i]]}");
                Assert.True(Math.Abs(expected[ids[(row * k) + i]] - value) <= 5e-6, $"{what}: id {ids[(row * k) + i]}");
            }
        }
    }
}
