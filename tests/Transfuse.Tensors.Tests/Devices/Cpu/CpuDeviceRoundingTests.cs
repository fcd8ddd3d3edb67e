using Transfuse.Tensors.Devices;
using Transfuse.Tensors.Devices.Cpu;
using Transfuse.Tensors.Errors;
using Transfuse.Tensors.Tests.Devices.Cpu.Gemm.Bf16;
using Transfuse.Tests.Shared;

namespace Transfuse.Tensors.Tests.Devices.Cpu;

/// <summary>Tensors in bfloat16: what kernels make of them has the bits that the same numbers in float32 give.</summary>
public sealed class CpuDeviceRoundingTests
{
    public static TheoryData<KernelTier> Tiers => KernelCase.Tiers;

    public static TheoryData<MatMulLayout> Layouts => [.. Enum.GetValues<MatMulLayout>()];

    [BFloat16Theory]
    [InlineData(1, 1)]
    [InlineData(3, 5)]
    [InlineData(64, 129)]
    [InlineData(70, 1537)]
    public void Rounds_to_half_the_memory_and_widens_again(int rows, int columns)
    {
        using var device = BFloat16Device();
        using var x = device.ToTensor(KernelCase.Normal(rows * columns, "x"), rows, columns);
        x.Row(0)[0] = float.NaN;
        var before = device.Memory.UsedBytes;
        using var rounded = device.Round(x)!;
        Assert.InRange(device.Memory.UsedBytes - before, rows * columns * 2, (rows * columns * 2) + 1087);
        using var widened = device.Allocate(x.Shape);
        device.Widen(rounded, widened);
        Assert.Equal(x.AsSpan().ToArray().Select(value => BFloat16.FromSingle(value).ToSingle()), widened.AsSpan().ToArray());
        Assert.Equal(widened.Row(rows - 1).ToArray(), Widened(rounded, rows - 1));
    }

    [Fact]
    public void A_device_of_float32_products_does_not_round()
    {
        using var device = new CpuDevice(threads: 1);
        using var x = device.AllocateZeroed(new Shape(2, 4));
        using var weight = Tensor.AllocateResting(device.Memory, 4, new RestingSection(2, DType.BF16));
        using var y = device.Allocate(new Shape(2, 2));
        Assert.Null(device.Round(x));
        Assert.Throws<InvalidOperationException>(() => device.MatMul(MatMulLayout.NT, weight, x, y));
    }

    [Fact]
    public void What_does_not_fit_says_so()
    {
        using var device = new CpuDevice(threads: 1);
        using Tensor x = device.AllocateZeroed(new Shape(2, 4)), longer = device.AllocateZeroed(new Shape(3, 4));
        using Tensor rounded = Rounded(device, x), quantised = Tensor.AllocateResting(device.Memory, 32, new RestingSection(2, DType.Q8_0)), y = device.Allocate(new Shape(2, 32));
        Assert.Throws<ShapeMismatchException>(() => device.Widen(rounded, longer));
        Assert.Throws<ArgumentException>(() => device.Widen(x, x));
        var error = Assert.Throws<ArgumentException>(() => device.Activate(ActivationKind.Silu, quantised, y));
        Assert.Contains("holds Q8_0 elements, not bfloat16", error.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => device.ActivateBackward(ActivationKind.Silu, rounded, x, x, accumulate: false));
    }

    [Theory]
    [MemberData(nameof(Tiers))]
    public void Activations_of_rounded_elements(KernelTier tier)
    {
        using var device = new CpuDevice(tier, threads: 2);
        foreach (var kind in Enum.GetValues<ActivationKind>())
        {
            foreach (var (rows, columns) in KernelCase.Shapes)
            {
                CheckActivation(device, kind, rows, columns);
                CheckGated(device, kind, rows, columns);
            }
        }
    }

    [BFloat16Theory]
    [MemberData(nameof(Layouts))]
    public void Products_of_rounded_operands(MatMulLayout layout)
    {
        using var device = BFloat16Device();
        foreach (var (m, n, k) in (ReadOnlySpan<(int, int, int)>)[(1, 7, 5), (9, 50, 33), (13, 40, 64), (70, 100, 600), (200, 48, 131)])
        {
            var (rowsA, columnsA) = layout == MatMulLayout.TN ? (k, m) : (m, k);
            var (rowsB, columnsB) = layout == MatMulLayout.NT ? (n, k) : (k, n);
            using Tensor a = TestTensors.Normal(device, rowsA, columnsA, 1), b = TestTensors.Normal(device, rowsB, columnsB, 2);
            using Tensor restingA = device.Round(a)!, restingB = device.Round(b)!;
            device.Widen(restingA, a);
            device.Widen(restingB, b);
            using Tensor expected = device.Allocate(new Shape(m, n)), actual = device.Allocate(new Shape(m, n));
            device.MatMul(layout, a, b, expected);
            foreach (var (first, second) in (ReadOnlySpan<(Tensor, Tensor)>)[(restingA, b), (a, restingB), (restingA, restingB)])
            {
                device.MatMul(layout, first, second, actual);

                // So few rows of x·Wᵀ are summed in another order where they are float32.
                if (layout == MatMulLayout.NT && m < 13)
                {
                    TensorAssert.Close(Array.ConvertAll(expected.AsSpan().ToArray(), value => (double)value), actual.AsSpan(), 1e-5, 1e-5, "x·Wᵀ");
                }
                else
                {
                    Assert.Equal(expected.AsSpan(), actual.AsSpan());
                }
            }
        }
    }

    private static void CheckActivation(CpuDevice device, ActivationKind kind, int rows, int columns)
    {
        using Tensor x = Input(device, rows, columns, 1), dy = TestTensors.Normal(device, rows, columns, 2), rounded = Rounded(device, x);
        using Tensor expected = device.Allocate(x.Shape), actual = device.Allocate(x.Shape);
        device.Activate(kind, x, expected);
        device.Activate(kind, rounded, actual);
        Assert.Equal(expected.AsSpan(), actual.AsSpan());

        // The gradient in the place of the input.
        device.ActivateBackward(kind, x, dy, expected, accumulate: false);
        device.ActivateBackward(kind, rounded, dy, rounded, accumulate: false);
        AssertRounded(expected, rounded);
    }

    private static void CheckGated(CpuDevice device, ActivationKind kind, int rows, int columns)
    {
        using Tensor x = Input(device, rows, 2 * columns, 3), dy = TestTensors.Normal(device, rows, columns, 4), rounded = Rounded(device, x);
        using Tensor expected = device.Allocate(dy.Shape), actual = device.Allocate(dy.Shape), gradient = device.Allocate(x.Shape);
        device.Gated(kind, x, expected);
        device.Gated(kind, rounded, actual);
        Assert.Equal(expected.AsSpan(), actual.AsSpan());
        device.GatedBackward(kind, x, dy, gradient);
        device.GatedBackward(kind, rounded, dy, rounded);
        AssertRounded(gradient, rounded);
    }

    // Numbers that rounding leaves alone.
    private static Tensor Input(CpuDevice device, int rows, int columns, int seed)
    {
        var x = TestTensors.Normal(device, rows, columns, seed);
        foreach (ref var value in x.AsSpan())
        {
            value = BFloat16.FromSingle(value).ToSingle();
        }

        return x;
    }

    private static Tensor Rounded(CpuDevice device, Tensor x)
    {
        var rounded = Tensor.AllocateResting(device.Memory, x.Columns, new RestingSection(x.Rows, DType.BF16));
        for (var row = 0; row < x.Rows; row++)
        {
            BFloat16.FromSingle(x.Row(row), System.Runtime.InteropServices.MemoryMarshal.Cast<byte, BFloat16>(rounded.RestingRow(row)));
        }

        return rounded;
    }

    private static void AssertRounded(Tensor expected, Tensor actual)
    {
        for (var row = 0; row < expected.Rows; row++)
        {
            Assert.Equal(Array.ConvertAll(expected.Row(row).ToArray(), value => BFloat16.FromSingle(value).ToSingle()), Widened(actual, row));
        }
    }

    private static float[] Widened(Tensor rounded, int row)
    {
        var values = new float[rounded.Columns];
        rounded.WidenRow(row, values);
        return values;
    }

    private static CpuDevice BFloat16Device() => new(KernelTier.Vector512BFloat16, threads: 2, precision: ProductPrecision.BFloat16);
}
