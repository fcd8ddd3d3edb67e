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
    public void Products_in_both_directions(KernelTier tier, int mix)
    {
        using var device = new CpuDevice(tier, threads: 2);
        foreach (var (rows, outputs, inputs) in new[] { (1, 33, 64), (5, 50, 352), (9, 97, 576), (70, 130, 1056), (300, 60, 96) })
        {
            using var weight = new Pair(device, outputs, inputs, Mixes[mix]);
            using var x = Normal(device, rows, inputs, 1);
            using var dy = Normal(device, rows, outputs, 2);
            Assert.Equal(Multiply(device, MatMulLayout.NT, x, weight.Widened, outputs), Multiply(device, MatMulLayout.NT, x, weight.Resting, outputs));
            Assert.Equal(Multiply(device, MatMulLayout.NN, dy, weight.Widened, inputs), Multiply(device, MatMulLayout.NN, dy, weight.Resting, inputs));
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

        using var x = Normal(device, 40, 768, 1);
        using var dy = Normal(device, 40, rows, 2);
        Assert.Equal(Multiply(device, MatMulLayout.NT, x, widened, rows), Multiply(device, MatMulLayout.NT, x, resting, rows));
        Assert.Equal(Multiply(device, MatMulLayout.NN, dy, widened, 768), Multiply(device, MatMulLayout.NN, dy, resting, 768));
    }

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
        Assert.Throws<InvalidOperationException>(() => device.MatMul(MatMulLayout.TN, x, weight.Resting, device.Allocate(new Shape(32, 32))));
        Assert.Throws<InvalidOperationException>(() => device.Add(x, weight.Resting, x));
        Assert.False(parameter.IsTrainable);
        Assert.Contains("'w'", Assert.Throws<InvalidOperationException>(() => parameter.IsTrainable = true).Message, StringComparison.Ordinal);
        Assert.Throws<InvalidOperationException>(() => x.RestingRow(0).Length);
        Assert.Throws<ArgumentException>(() => Tensor.AllocateResting(device.Memory, 33, new RestingSection(8, DType.Q8_0)));
    }

    private static float[] Multiply(CpuDevice device, MatMulLayout layout, Tensor a, Tensor b, int columns)
    {
        using var result = device.Allocate(new Shape(a.Rows, columns));
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

    private static Tensor Normal(CpuDevice device, int rows, int columns, int seed)
    {
        var random = new RandomStream(seed, "normal");
        var tensor = device.Allocate(new Shape(rows, columns));
        foreach (ref var value in tensor.AsSpan())
        {
            value = (float)random.NextNormal();
        }

        return tensor;
    }

    /// <summary>A weight in sections of given types, and the same widened.</summary>
    private sealed class Pair : IDisposable
    {
        internal Pair(CpuDevice device, int rows, int columns, DType[] types)
        {
            var sections = types.Select((type, i) => new RestingSection(i == types.Length - 1 ? rows - (rows / types.Length * i) : rows / types.Length, type)).ToArray();
            Resting = Tensor.AllocateResting(device.Memory, columns, sections);
            Widened = Normal(device, rows, columns, 9);
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
