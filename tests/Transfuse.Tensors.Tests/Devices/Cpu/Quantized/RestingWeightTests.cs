using Transfuse.Tensors.Autograd;
using Transfuse.Tensors.Devices;
using Transfuse.Tensors.Devices.Cpu;
using Transfuse.Tensors.Devices.Cpu.Quantized;
using Transfuse.Tensors.Random;

namespace Transfuse.Tensors.Tests.Devices.Cpu.Quantized;

/// <summary>Kernels on weights that rest give the bits that they give on the same weights widened.</summary>
public sealed class RestingWeightTests
{
    private static readonly DType[][] Mixes =
        [[DType.BF16], [DType.F16], [DType.Q8_0], [DType.Q4_0], [DType.Q4_0, DType.Q8_0, DType.F32], [DType.F16, DType.BF16]];

    public static TheoryData<KernelTier, int> Cases()
    {
        var cases = new TheoryData<KernelTier, int>();
        foreach (var tier in KernelTiers.Available)
        {
            for (var mix = 0; mix < Mixes.Length; mix++)
            {
                cases.Add(tier, mix);
            }
        }

        return cases;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Products_in_every_layout(KernelTier tier, int mix)
    {
        using var device = new CpuDevice(tier, threads: 2);
        foreach (var (rows, outputs, inputs) in new[] { (1, 33, 64), (5, 50, 352), (9, 97, 576), (70, 130, 1056), (300, 60, 96) })
        {
            using var weight = new Pair(device, outputs, inputs, Mixes[mix]);
            using var x = TestTensors.Normal(device, rows, inputs, 1);
            using var dy = TestTensors.Normal(device, rows, outputs, 2);
            Assert.Equal(Multiply(device, MatMulLayout.NT, x, weight.Widened, outputs), Multiply(device, MatMulLayout.NT, x, weight.Resting, outputs));
            Assert.Equal(Multiply(device, MatMulLayout.NN, dy, weight.Widened, inputs), Multiply(device, MatMulLayout.NN, dy, weight.Resting, inputs));
            using var left = TestTensors.Normal(device, outputs, rows, 3);
            Assert.Equal(Multiply(device, MatMulLayout.TN, left, weight.Widened, inputs), Multiply(device, MatMulLayout.TN, left, weight.Resting, inputs));
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Embedding_and_head(KernelTier tier, int mix)
    {
        using var device = new CpuDevice(tier, threads: 2);
        using var weight = new Pair(device, 75, 96, Mixes[mix]);
        int[] ids = [0, 74, 3, 3, 40, 25, 50];
        using var widened = device.Allocate(new Shape(ids.Length, 96));
        using var resting = device.Allocate(new Shape(ids.Length, 96));
        device.Embed(ids, weight.Widened, 0.3f, widened);
        device.Embed(ids, weight.Resting, 0.3f, resting);
        Assert.Equal(widened.AsSpan(), resting.AsSpan());

        Assert.Equal(Top(device, widened, weight.Widened, ids), Top(device, widened, weight.Resting, ids));
        Assert.Equal(Losses(device, widened, weight.Widened, ids), Losses(device, widened, weight.Resting, ids));
    }

    [Fact]
    public void Blocks_of_256_are_widened_wherever_a_panel_begins()
    {
        using var device = new CpuDevice(threads: 1);
        const int rows = 21;
        using var resting = Tensor.AllocateResting(device.Memory, 768, new RestingSection(rows, DType.Q4_K));
        using var widened = device.Allocate(new Shape(rows, 768));
        var random = new RandomStream(4, "blocks");
        for (var row = 0; row < rows; row++)
        {
            var bytes = resting.RestingRow(row);
            for (var i = 0; i < bytes.Length; i++)
            {
                bytes[i] = (byte)(i % 144 is 1 or 3 ? 0x1C : random.NextInt32(256));
            }

            resting.WidenRow(row, widened.Row(row));
        }

        using var x = TestTensors.Normal(device, 40, 768, 1);
        using var dy = TestTensors.Normal(device, 40, rows, 2);
        Assert.Equal(Multiply(device, MatMulLayout.NT, x, widened, rows), Multiply(device, MatMulLayout.NT, x, resting, rows));
        Assert.Equal(Multiply(device, MatMulLayout.NN, dy, widened, 768), Multiply(device, MatMulLayout.NN, dy, resting, 768));
    }

    /// <summary>Every type, any bytes, widths that end in the middle of a vector: the bits of the widened weight, and its sums in double precision.</summary>
    [Theory]
    [MemberData(nameof(Tiers))]
    public void A_few_rows_meet_rows_of_every_type(KernelTier tier)
    {
        using var device = new CpuDevice(tier, threads: 2);
        foreach (var type in Enum.GetValues<DType>())
        {
            int[] widths = type.BlockElements() == 1 ? [1, 7, 15, 16, 33, 157, 1024] : [type.BlockElements(), 3 * type.BlockElements(), 768];
            foreach (var width in widths)
            {
                foreach (var rows in new[] { 1, 3, 4, 21, 130 })
                {
                    using var resting = AnyBytes(device, type, rows, width);
                    using var widened = device.Allocate(new Shape(rows, width));
                    for (var row = 0; row < rows; row++)
                    {
                        resting.WidenRow(row, widened.Row(row));
                    }

                    foreach (var few in new[] { 1, 2, 3, 4 })
                    {
                        using var x = TestTensors.Normal(device, few, width, 3);
                        var product = Multiply(device, MatMulLayout.NT, x, resting, rows);
                        Assert.Equal(Multiply(device, MatMulLayout.NT, x, widened, rows), product);
                        AssertSums(x, widened, product, $"{type} {few}x{rows}x{width}");
                    }
                }
            }
        }
    }

    public static TheoryData<KernelTier> Tiers() => [.. KernelTiers.Available];

    [Fact]
    public void What_needs_float32_says_so()
    {
        using var device = new CpuDevice(threads: 1);
        using var weight = new Pair(device, 8, 32, [DType.Q8_0]);
        using var parameter = new Parameter("w", Tensor.AllocateResting(device.Memory, 32, new RestingSection(8, DType.Q8_0)));
        using var x = device.Allocate(new Shape(8, 32));

        Assert.True(weight.Resting.IsResting);
        Assert.Contains("rests as Q8_0", Assert.Throws<InvalidOperationException>(() => weight.Resting.AsSpan().Length).Message, StringComparison.Ordinal);
        Assert.Throws<InvalidOperationException>(() => weight.Resting.Row(0).Length);
        Assert.Throws<InvalidOperationException>(() => weight.Resting.Reshape(new Shape(256)));
        Assert.Throws<InvalidOperationException>(() => device.Add(x, weight.Resting, x));
        Assert.False(parameter.IsTrainable);
        Assert.Contains("'w'", Assert.Throws<InvalidOperationException>(() => parameter.IsTrainable = true).Message, StringComparison.Ordinal);
        Assert.Throws<InvalidOperationException>(() => x.RestingRow(0).Length);
        Assert.Throws<ArgumentException>(() => Tensor.AllocateResting(device.Memory, 33, new RestingSection(8, DType.Q8_0)));
    }

    // Every element of x·wᵀ against its sum in double precision.
    private static void AssertSums(Tensor x, Tensor weight, float[] product, string what)
    {
        for (var at = 0; at < product.Length; at++)
        {
            var left = x.Row(at / weight.Rows);
            var right = weight.Row(at % weight.Rows);
            var (sum, size) = (0.0, 0.0);
            for (var i = 0; i < left.Length; i++)
            {
                sum += (double)left[i] * right[i];
                size += Math.Abs((double)left[i] * right[i]);
            }

            Assert.True(Math.Abs(sum - product[at]) <= 1e-6 * size, $"{what}, element {at}: {product[at]} for {sum}");
        }
    }

    /// <summary>Random bytes, but finite numbers where there is a floating-point one, subnormal ones among them.</summary>
    private static Tensor AnyBytes(CpuDevice device, DType type, int rows, int columns)
    {
        int[] scales = type switch
        {
            DType.F32 or DType.BF16 or DType.F16 or DType.Q5_0 or DType.Q8_0 or DType.Q4_0 => [0],
            DType.Q2_K => [80, 82],
            DType.Q3_K => [108],
            DType.Q6_K => [208],
            _ => [0, 2],
        };
        var step = type == DType.F32 ? 4 : type.BlockBytes();
        var tensor = Tensor.AllocateResting(device.Memory, columns, new RestingSection(rows, type));
        var random = new RandomStream(5, "bytes");
        for (var row = 0; row < rows; row++)
        {
            var bytes = tensor.RestingRow(row);
            foreach (ref var value in bytes)
            {
                value = (byte)random.NextInt32(256);
            }

            for (var start = 0; start < bytes.Length; start += step)
            {
                foreach (var scale in scales)
                {
                    // The upper byte of a half; of a float or bfloat16 its exponent's upper part.
                    var at = start + scale + (type == DType.F32 ? 3 : 1);
                    bytes[at] = type is DType.F32 or DType.BF16 ? (byte)(0x3E | (bytes[at] & 0x81)) : (byte)(bytes[at] & 0x9F);
                }
            }
        }

        return tensor;
    }

    private static float[] Multiply(CpuDevice device, MatMulLayout layout, Tensor a, Tensor b, int columns)
    {
        using var result = device.Allocate(new Shape(layout == MatMulLayout.TN ? a.Columns : a.Rows, columns));
        device.MatMul(layout, a, b, result);
        return result.AsSpan().ToArray();
    }

    private static float[] Top(CpuDevice device, Tensor hidden, Tensor head, int[] labels)
    {
        var (ids, values, gold) = (new int[hidden.Rows * 4], new float[hidden.Rows * 4], new float[hidden.Rows]);
        device.HeadTopK(hidden, head, HeadOptions.Plain, 4, labels, ids, values, gold);
        return [.. ids.Select(id => (float)id), .. values, .. gold];
    }

    private static float[] Losses(CpuDevice device, Tensor hidden, Tensor head, int[] labels)
    {
        var losses = new float[labels.Length];
        using var gradient = device.Allocate(hidden.Shape);
        device.LinearCrossEntropy(hidden, head, HeadOptions.Plain, labels, Enumerable.Repeat(1f, labels.Length).ToArray(), null, losses, default, gradient, null);
        return [.. losses, .. gradient.AsSpan()];
    }

    /// <summary>A weight in sections of given types, and the same widened.</summary>
    private sealed class Pair : IDisposable
    {
        internal Pair(CpuDevice device, int rows, int columns, DType[] types)
        {
            var sections = types.Select((type, i) => new RestingSection(i == types.Length - 1 ? rows - (rows / types.Length * i) : rows / types.Length, type)).ToArray();
            Resting = Tensor.AllocateResting(device.Memory, columns, sections);
            Widened = TestTensors.Normal(device, rows, columns, 9);
            var row = 0;
            foreach (var section in sections)
            {
                for (var i = 0; i < section.Rows; i++, row++)
                {
                    BlockFormat.Narrow(section.Type, Widened.Row(row), Resting.RestingRow(row));
                    Resting.WidenRow(row, Widened.Row(row));
                }
            }
        }

        internal Tensor Resting { get; }

        internal Tensor Widened { get; }

        public void Dispose()
        {
            Resting.Dispose();
            Widened.Dispose();
        }
    }
}
