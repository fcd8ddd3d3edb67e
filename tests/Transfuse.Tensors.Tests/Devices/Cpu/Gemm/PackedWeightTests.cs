using Transfuse.Tensors.Devices;
using Transfuse.Tensors.Devices.Cpu;
using Transfuse.Tensors.Devices.Cpu.LinearCrossEntropy;
using Transfuse.Tensors.Devices.Cpu.Quantized;

namespace Transfuse.Tensors.Tests.Devices.Cpu.Gemm;

/// <summary>Weights that rest packed give the bits that products get which pack them.</summary>
public sealed class PackedWeightTests
{
    private static readonly (int Outputs, int Inputs)[] Sizes = [(1, 1), (33, 65), (48, 288), (97, 577), (50, 1100), (130, 2500), (700, 96)];

    public static TheoryData<KernelTier, ProductPrecision> Kernels => KernelCase.Kernels;

    [Theory]
    [MemberData(nameof(Kernels))]
    public void Rows_are_the_weight_s(KernelTier tier, ProductPrecision precision)
    {
        using var device = new CpuDevice(tier, threads: 2, precision: precision);
        foreach (var (outputs, inputs) in Sizes)
        {
            using var weight = TestTensors.Normal(device, outputs, inputs, 1);
            using var packed = device.PackWeight(weight, exact: false)!;
            Assert.True(packed.IsResting);
            Assert.Equal(weight.Shape, packed.Shape);
            using var row = device.Allocate(new Shape(inputs));
            for (var i = 0; i < outputs; i++)
            {
                packed.WidenRow(i, row.AsSpan());
                Assert.Equal(Rounded(weight.Row(i), device.Precision), row.AsSpan().ToArray());
            }
        }
    }

    [Theory]
    [MemberData(nameof(Kernels))]
    public void Parts_of_rows(KernelTier tier, ProductPrecision precision)
    {
        using var device = new CpuDevice(tier, threads: 2, precision: precision);
        using var weight = TestTensors.Normal(device, 59, 2501, 1);
        using var packed = device.PackWeight(weight, exact: false)!;
        foreach (var (start, count) in new[] { (0, 1), (1, 2), (255, 3), (500, 700), (1023, 1100), (2500, 1), (7, 2494) })
        {
            using var part = device.Allocate(new Shape(count));
            Widen(packed, 58, start, part);
            Assert.Equal(Rounded(weight.Row(58).Slice(start, count), device.Precision), part.AsSpan().ToArray());
        }
    }

    [Theory]
    [MemberData(nameof(Kernels))]
    public void Products_with_any_number_of_rows(KernelTier tier, ProductPrecision precision)
    {
        using var device = new CpuDevice(tier, threads: 2, precision: precision);
        using var alone = new CpuDevice(tier, threads: 1, precision: precision);
        foreach (var (outputs, inputs) in Sizes)
        {
            using var weight = TestTensors.Normal(device, outputs, inputs, 1);
            using var packed = device.PackWeight(weight, exact: false)!;
            using var x = TestTensors.Normal(device, 900, inputs, 2);
            using var residual = TestTensors.Normal(device, 900, outputs, 3);
            var expected = Multiply(device, x, weight, residual, 900);
            foreach (var rows in new[] { 1, 2, 7, 8, 9, 33, 200, 900 })
            {
                var actual = Multiply(device, x, packed, residual, rows);
                Assert.Equal(expected[..(rows * outputs)], actual);
                Assert.Equal(actual, Multiply(alone, x, packed, residual, rows));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Kernels))]
    public void Everything_else_reads_its_rows(KernelTier tier, ProductPrecision precision)
    {
        using var device = new CpuDevice(tier, threads: 2, precision: precision);
        using var weight = TestTensors.Normal(device, 75, 96, 1);
        Round(weight, device.Precision);
        using var packed = device.PackWeight(weight, exact: false)!;
        int[] ids = [0, 74, 3, 3, 40, 25, 50];
        using var rows = device.Allocate(new Shape(ids.Length, 96));
        using var fromPacked = device.Allocate(new Shape(ids.Length, 96));
        device.Embed(ids, weight, 0.3f, rows);
        device.Embed(ids, packed, 0.3f, fromPacked);
        Assert.Equal(rows.AsSpan(), fromPacked.AsSpan());
        using var dy = TestTensors.Normal(device, 40, 75, 4);
        Assert.Equal(Product(device, MatMulLayout.NN, dy, weight, 96), Product(device, MatMulLayout.NN, dy, packed, 96));
        Assert.Equal(Losses(device, rows, weight, ids), Losses(device, rows, packed, ids));

        // Another tier's kernels cannot read the panels as they lie.
        using var other = new CpuDevice(KernelTier.Scalar, threads: 1);
        Assert.Equal(Product(other, MatMulLayout.NT, rows, weight, 75), Product(other, MatMulLayout.NT, rows, packed, 75));
    }

    /// <summary>Gradients of logits are bfloat16 already where products take that, and the last chunk of a head may have a single row.</summary>
    [Theory]
    [MemberData(nameof(Kernels))]
    public void The_gradient_of_a_row_alone_in_the_last_chunk(KernelTier tier, ProductPrecision precision)
    {
        const int Vocabulary = 96, Hidden = 64;
        using var device = new CpuDevice(tier, threads: 2, precision: precision);
        var rows = HeadRoom.ChunkRows(int.MaxValue, Vocabulary * device.GradientSize) + 1;
        using var head = TestTensors.Normal(device, Vocabulary, Hidden, 1);
        using var hidden = TestTensors.Normal(device, rows, Hidden, 2);
        using var alone = hidden.SliceRows(rows - 1, 1);
        int[] labels = [.. Enumerable.Range(0, rows).Select(row => row % Vocabulary)];
        var together = Losses(device, hidden, head, labels)[^Hidden..];
        var expected = Losses(device, alone, head, labels[^1..])[^Hidden..];
        for (var i = 0; i < Hidden; i++)
        {
            Assert.Equal(expected[i], together[i], 1e-4f);
        }
    }

    [Fact]
    public void What_would_grow_or_lose_bits_stays()
    {
        using var device = new CpuDevice(threads: 1);
        foreach (var type in new[] { DType.BF16, DType.F16, DType.Q8_0, DType.Q4_0 })
        {
            using var stored = Tensor.AllocateResting(device.Memory, 64, new RestingSection(5, type));
            Assert.Null(device.PackWeight(stored, exact: false));
        }

        using var weight = TestTensors.Normal(device, 5, 64, 1);
        using var packed = device.PackWeight(weight, exact: true)!;
        Assert.Null(device.PackWeight(packed, exact: false));
        using var empty = device.Allocate(new Shape(0, 64));
        Assert.Null(device.PackWeight(empty, exact: false));
        Assert.Contains("packed float32", Assert.Throws<InvalidOperationException>(() => packed.RestingRow(0).Length).Message, StringComparison.Ordinal);
        Assert.Contains("packed float32", Assert.Throws<InvalidOperationException>(() => packed.AsSpan().Length).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Half_precision_is_packed_where_products_take_it()
    {
        if (KernelTiers.Best != KernelTier.Vector512BFloat16)
        {
            return;
        }

        using var device = new CpuDevice(KernelTier.Vector512BFloat16, threads: 2, precision: ProductPrecision.BFloat16);
        using var stored = Tensor.AllocateResting(device.Memory, 96, new RestingSection(70, DType.BF16));
        using var weight = TestTensors.Normal(device, 70, 96, 1);
        for (var row = 0; row < 70; row++)
        {
            BlockFormat.Narrow(DType.BF16, weight.Row(row), stored.RestingRow(row));
        }

        using var packed = device.PackWeight(stored, exact: true)!;
        using var x = TestTensors.Normal(device, 60, 96, 2);
        Assert.Equal(Product(device, MatMulLayout.NT, x, stored, 70), Product(device, MatMulLayout.NT, x, packed, 70));
        Assert.Null(device.PackWeight(weight, exact: true));
        using var half = Tensor.AllocateResting(device.Memory, 96, new RestingSection(70, DType.F16));
        Assert.Null(device.PackWeight(half, exact: true));
    }

    [Theory]
    [MemberData(nameof(Kernels))]
    public void A_rehearsal_counts_the_same_memory(KernelTier tier, ProductPrecision precision)
    {
        using var device = new CpuDevice(tier, threads: 2, precision: precision);
        using var rehearsal = device.CreateRehearsal();
        foreach (var rows in new[] { 1, 40, 900 })
        {
            Assert.Equal(Peak(device, rows), Peak(rehearsal, rows));
        }
    }

    private static (long Kept, long Peak) Peak(Device device, int rows)
    {
        device.Memory.Trim();
        using var weight = device.AllocateZeroed(new Shape(500, 2500));
        using var packed = device.PackWeight(weight, exact: false)!;
        using var x = device.AllocateZeroed(new Shape(rows, 2500));
        using var y = device.Allocate(new Shape(rows, 500));
        var kept = device.Memory.UsedBytes;
        device.Memory.ResetPeaks();
        device.MatMul(MatMulLayout.NT, x, packed, y);
        return (kept, device.Memory.PeakUsedBytes);
    }

    private static float[] Multiply(CpuDevice device, Tensor x, Tensor weight, Tensor residual, int rows)
    {
        using var input = x.SliceRows(0, rows);
        using var addend = residual.SliceRows(0, rows);
        using var result = device.Allocate(addend.Shape);
        device.MatMul(MatMulLayout.NT, input, weight, result, addend);
        return result.AsSpan().ToArray();
    }

    private static float[] Product(CpuDevice device, MatMulLayout layout, Tensor a, Tensor b, int columns)
    {
        using var result = device.Allocate(new Shape(a.Rows, columns));
        device.MatMul(layout, a, b, result);
        return result.AsSpan().ToArray();
    }

    private static float[] Losses(CpuDevice device, Tensor hidden, Tensor head, int[] labels)
    {
        var losses = new float[labels.Length];
        using var gradient = device.Allocate(hidden.Shape);
        device.LinearCrossEntropy(hidden, head, HeadOptions.Plain, labels, Enumerable.Repeat(1f, labels.Length).ToArray(), null, losses, default, gradient, null);
        return [.. losses, .. gradient.AsSpan()];
    }

    private static unsafe void Widen(Tensor packed, int row, int start, Tensor part) =>
        packed.Resting!.Widen(row, start, (int)part.Length, part.Data);

    private static float[] Rounded(Span<float> values, ProductPrecision precision) =>
        precision == ProductPrecision.BFloat16 ? Array.ConvertAll(values.ToArray(), value => BFloat16.FromSingle(value).ToSingle()) : values.ToArray();

    private static void Round(Tensor weight, ProductPrecision precision) => Rounded(weight.AsSpan(), precision).CopyTo(weight.AsSpan());
}
