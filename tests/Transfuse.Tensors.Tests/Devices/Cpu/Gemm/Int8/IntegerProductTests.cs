using System.Buffers.Binary;
using Transfuse.Tensors.Devices;
using Transfuse.Tensors.Devices.Cpu;
using Transfuse.Tensors.Devices.Cpu.Quantized;
using Transfuse.Tensors.Random;

namespace Transfuse.Tensors.Tests.Devices.Cpu.Gemm.Int8;

/// <summary>Integer products against their definition in float64, with the rows rounded here, too.</summary>
public sealed class IntegerProductTests
{
    private static readonly DType[] Kept = [DType.Q8_0, DType.Q4_0, DType.Q4_1, DType.Q5_0, DType.Q5_1, DType.Q4_K, DType.Q5_K];
    private static readonly DType[] Rounded = [DType.Q6_K, DType.Q2_K, DType.Q3_K];

    public static TheoryData<DType> Types() => [.. Kept, .. Rounded];

    public static TheoryData<DType> KeptTypes() => [.. Kept];

    [Theory]
    [MemberData(nameof(Types))]
    public void Sums_are_those_of_the_definition(DType type)
    {
        using var device = NewDevice(2);
        using var alone = NewDevice(1);
        if (device.Precision != ProductPrecision.Int8)
        {
            return;
        }

        foreach (var (outputs, inputs) in new[] { (1, 256), (16, 256), (33, 512), (70, 768), (300, 256) })
        {
            using var stored = Stored(device, outputs, inputs, type);
            using var packed = device.PackWeight(stored, exact: false)!;
            using var x = TestTensors.Normal(device, 150, inputs, 2);
            using var addend = TestTensors.Normal(device, 150, outputs, 3);
            foreach (var rows in new[] { 1, 2, 7, 8, 9, 33, 150 })
            {
                var result = Multiply(device, x, packed, addend, rows);
                Assert.Equal(result, Multiply(alone, x, packed, addend, rows));
                for (var row = 0; row < rows; row++)
                {
                    CheckRow(packed, x.Row(row), addend.Row(row), result.AsSpan(row * outputs, outputs));
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(KeptTypes))]
    public void Values_are_kept(DType type)
    {
        using var device = NewDevice(2);
        if (device.Precision != ProductPrecision.Int8)
        {
            return;
        }

        using var stored = Stored(device, 50, 768, type);
        using var packed = device.PackWeight(stored, exact: true)!;
        using var expected = device.Allocate(new Shape(768));
        using var actual = device.Allocate(new Shape(768));
        for (var row = 0; row < 50; row++)
        {
            stored.WidenRow(row, expected.AsSpan());
            packed.WidenRow(row, actual.AsSpan());
            for (var i = 0; i < 768; i++)
            {
                // s·u − z with one rounding more or less.
                Assert.Equal(expected.AsSpan()[i], actual.AsSpan()[i], 1e-6f * Math.Max(1e-3f, Math.Abs(expected.AsSpan()[i])));
            }
        }
    }

    [Theory]
    [InlineData(DType.Q6_K)]
    [InlineData(DType.Q3_K)]
    [InlineData(DType.Q2_K)]
    public void Scales_of_sixteen_elements_become_one_of_thirty_two(DType type)
    {
        using var device = NewDevice(2);
        if (device.Precision != ProductPrecision.Int8)
        {
            return;
        }

        using var stored = Stored(device, 20, 512, type);
        Assert.Null(device.PackWeight(stored, exact: true));
        using var packed = device.PackWeight(stored, exact: false)!;
        using var expected = device.Allocate(new Shape(512));
        using var actual = device.Allocate(new Shape(512));
        for (var row = 0; row < 20; row++)
        {
            stored.WidenRow(row, expected.AsSpan());
            packed.WidenRow(row, actual.AsSpan());
            for (var start = 0; start < 512; start += 32)
            {
                var block = expected.AsSpan().Slice(start, 32).ToArray();
                var step = block.Max(MathF.Abs) / 127;
                for (var i = 0; i < 32; i++)
                {
                    Assert.InRange(actual.AsSpan()[start + i], block[i] - (0.501f * step), block[i] + (0.501f * step));
                }
            }
        }
    }

    [Fact]
    public void Sections_of_several_types_are_one_weight()
    {
        using var device = NewDevice(2);
        if (device.Precision != ProductPrecision.Int8)
        {
            return;
        }

        using var stored = Tensor.AllocateResting(device.Memory, 256, new RestingSection(20, DType.Q4_K), new RestingSection(15, DType.Q8_0), new RestingSection(9, DType.Q6_K));
        Fill(stored, row => row < 20 ? DType.Q4_K : row < 35 ? DType.Q8_0 : DType.Q6_K);
        using var packed = device.PackWeight(stored, exact: false)!;
        using var x = TestTensors.Normal(device, 10, 256, 2);
        using var addend = TestTensors.Normal(device, 10, 44, 3);
        var result = Multiply(device, x, packed, addend, 10);
        for (var row = 0; row < 10; row++)
        {
            CheckRow(packed, x.Row(row), addend.Row(row), result.AsSpan(row * 44, 44));
        }
    }

    [Fact]
    public void What_is_no_number_stays_in_its_row()
    {
        using var device = NewDevice(2);
        if (device.Precision != ProductPrecision.Int8)
        {
            return;
        }

        using var stored = Stored(device, 40, 256, DType.Q8_0);
        using var packed = device.PackWeight(stored, exact: true)!;
        using var x = TestTensors.Normal(device, 12, 256, 2);
        using var addend = TestTensors.Normal(device, 12, 40, 3);
        var clean = Multiply(device, x, packed, addend, 12);
        foreach (var value in new[] { float.NaN, float.PositiveInfinity, float.NegativeInfinity })
        {
            x.Row(5)[77] = value;
            var result = Multiply(device, x, packed, addend, 12);
            for (var i = 0; i < result.Length; i++)
            {
                Assert.Equal(i / 40 == 5 ? float.NaN : clean[i], result[i]);
            }
        }
    }

    [Fact]
    public void Rows_of_zeros_and_of_tiny_numbers()
    {
        using var device = NewDevice(1);
        if (device.Precision != ProductPrecision.Int8)
        {
            return;
        }

        using var stored = Stored(device, 40, 256, DType.Q4_K);
        using var packed = device.PackWeight(stored, exact: true)!;
        using var x = device.AllocateZeroed(new Shape(3, 256));
        using var addend = TestTensors.Normal(device, 3, 40, 3);
        x.Row(1).Fill(1e-38f);
        x.Row(2)[9] = -float.Epsilon;
        Assert.Equal(addend.AsSpan().ToArray(), Multiply(device, x, packed, addend, 3));
    }

    [Fact]
    public void Weights_that_are_not_quantised_multiply_as_ever()
    {
        using var device = NewDevice(2);
        using var other = new CpuDevice(threads: 2, precision: KernelTiers.PrefersBFloat16 ? ProductPrecision.BFloat16 : ProductPrecision.Float32);
        using var weight = TestTensors.Normal(device, 70, 96, 1);
        using var x = TestTensors.Normal(device, 60, 96, 2);
        using var addend = TestTensors.Normal(device, 60, 70, 3);
        Assert.Equal(Multiply(other, x, weight, addend, 60), Multiply(device, x, weight, addend, 60));
    }

    [Fact]
    public void Tiers_without_them_say_so()
    {
        using var device = new CpuDevice(KernelTier.Scalar, threads: 1, precision: ProductPrecision.Int8);
        Assert.Equal(ProductPrecision.Float32, device.Precision);
        Assert.Contains("scalar has no integer products", device.PrecisionNote, StringComparison.Ordinal);
        using var stored = Stored(device, 4, 64, DType.Q8_0);
        Assert.Null(device.PackWeight(stored, exact: false));
    }

    [Fact]
    public void A_rehearsal_counts_the_same_memory()
    {
        using var device = NewDevice(2);
        using var rehearsal = device.CreateRehearsal();
        foreach (var rows in new[] { 1, 40, 900 })
        {
            Assert.Equal(Peak(device, rows), Peak(rehearsal, rows));
        }
    }

    private static (long Kept, long Peak) Peak(Device device, int rows)
    {
        using var stored = Tensor.AllocateResting(device.Memory, 512, new RestingSection(500, DType.Q4_0));
        if (!stored.IsRehearsed)
        {
            Fill(stored, _ => DType.Q4_0);
        }

        using var packed = device.PackWeight(stored, exact: false) ?? stored;
        using var x = device.AllocateZeroed(new Shape(rows, 512));
        using var y = device.Allocate(new Shape(rows, 500));
        var kept = device.Memory.UsedBytes;
        device.Memory.ResetPeaks();
        device.MatMul(MatMulLayout.NT, x, packed, y);
        return (kept, device.Memory.PeakUsedBytes);
    }

    // c = Σ over blocks of t·Σ w·v in float64, w as the weight says, v and t as the definition of rounding says.
    private static void CheckRow(Tensor packed, Span<float> x, Span<float> addend, Span<float> result)
    {
        var rounded = new double[x.Length];
        for (var start = 0; start < x.Length; start += 32)
        {
            var block = x.Slice(start, 32).ToArray();
            var most = block.Max(MathF.Abs);
            for (var i = 0; i < 32; i++)
            {
                rounded[start + i] = most / 127 * Math.Round(block[i] * (127 / most), MidpointRounding.ToEven);
            }
        }

        var weight = new float[x.Length];
        for (var output = 0; output < result.Length; output++)
        {
            packed.WidenRow(output, weight);
            double sum = addend[output], size = Math.Abs(addend[output]);
            for (var i = 0; i < weight.Length; i++)
            {
                sum += weight[i] * rounded[i];
                size += Math.Abs(weight[i] * rounded[i]);
            }

            Assert.InRange(result[output], sum - (3e-6 * size) - 1e-30, sum + (3e-6 * size) + 1e-30);
        }
    }

    private static CpuDevice NewDevice(int threads) => new(threads: threads, precision: ProductPrecision.Int8);

    private static float[] Multiply(CpuDevice device, Tensor x, Tensor weight, Tensor residual, int rows)
    {
        using var input = x.SliceRows(0, rows);
        using var addend = residual.SliceRows(0, rows);
        using var result = device.Allocate(addend.Shape);
        device.MatMul(MatMulLayout.NT, input, weight, result, addend);
        return result.AsSpan().ToArray();
    }

    private static Tensor Stored(CpuDevice device, int rows, int columns, DType type)
    {
        var tensor = Tensor.AllocateResting(device.Memory, columns, new RestingSection(rows, type));
        Fill(tensor, _ => type);
        return tensor;
    }

    // Any bytes are quantised elements; half-precision scales are made ordinary numbers.
    private static void Fill(Tensor tensor, Func<int, DType> typeOf)
    {
        var random = new RandomStream(5, "blocks");
        for (var row = 0; row < tensor.Rows; row++)
        {
            var type = typeOf(row);
            var bytes = tensor.RestingRow(row);
            foreach (ref var value in bytes)
            {
                value = (byte)random.NextInt32(256);
            }

            int[] scales = type switch
            {
                DType.Q4_1 or DType.Q5_1 or DType.Q4_K or DType.Q5_K => [0, 2],
                DType.Q6_K => [208],
                DType.Q2_K => [80, 82],
                DType.Q3_K => [108],
                _ => [0],
            };
            for (var block = 0; block < bytes.Length; block += type.BlockBytes())
            {
                foreach (var at in scales)
                {
                    BinaryPrimitives.WriteHalfLittleEndian(bytes[(block + at)..], (Half)(0.01 * random.NextNormal()));
                }
            }
        }
    }
}
