using Transfuse.Tensors.Autograd;
using Transfuse.Tensors.Devices;
using Transfuse.Tensors.Devices.Cpu;
using Transfuse.Tensors.Tests.Devices.Cpu.Gemm.Bf16;

namespace Transfuse.Tensors.Tests.Autograd;

/// <summary>What products make is kept rounded for the backward pass, where products round.</summary>
public sealed class RoundedValuesTests
{
    private const int Rows = 96, Columns = 64, Layers = 4;
    private const long Bytes = sizeof(float) * Rows * Columns;

    [BFloat16Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_product_is_rounded_at_the_end_of_the_block_and_widened_for_who_asks(bool withResidual)
    {
        using var device = BFloat16Device();
        using var weight = new Parameter("w", device.ToTensor(KernelCase.Normal(Columns * Columns, "w"), Columns, Columns));
        using var tape = new Tape(device);
        var x = tape.Input(device.ToTensor(KernelCase.Normal(Rows * Columns, "x"), Rows, Columns), requiresGradient: true);
        Variable? product = null;
        float[] before = [];
        _ = tape.Block(x, 0, (inner, input, _) =>
        {
            product = inner.Linear(input, weight, residual: withResidual ? input : null);
            before = product.Value.AsSpan().ToArray();
            return inner.Add(product, product);
        });
        var kept = device.Memory.UsedBytes;
        Assert.True(product!.Kept.IsResting);
        Assert.Equal(Array.ConvertAll(before, value => BFloat16.FromSingle(value).ToSingle()), product.Value.AsSpan());
        Assert.Equal(kept + (Bytes / 2), device.Memory.UsedBytes);
    }

    [BFloat16Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Gradients_are_as_near_to_float32_as_unrounded_ones_and_take_less_memory(bool isGated)
    {
        var (exact, _) = Train(new CpuDevice(threads: 2), isGated, inBlocks: false);
        var (whole, wholePeak) = Train(BFloat16Device(), isGated, inBlocks: false);
        var (rounded, peak) = Train(BFloat16Device(), isGated, inBlocks: true);

        // Kept in float32: stream, norm, product and activation of a layer; rounded: stream (a block's result stays float32) and half of the product.
        var saved = (Layers - 1) * Bytes * (isGated ? 3 : 2);
        Assert.True(peak <= wholePeak - saved, $"{peak} against {wholePeak} bytes");
        var (wholeError, roundedError) = (Distance(exact, whole), Distance(exact, rounded));
        Assert.InRange(roundedError, 1e-4, 1.5 * wholeError);
    }

    [BFloat16Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    public void Gradients_have_the_same_bits_for_any_number_of_threads(int threads)
    {
        var (expected, _) = Train(BFloat16Device(), isGated: true, inBlocks: true);
        var (actual, _) = Train(BFloat16Device(threads), isGated: true, inBlocks: true);
        Assert.Equal(expected, actual);
    }

    // Takes the device over.
    private static (float[] Gradients, long Peak) Train(CpuDevice device, bool isGated, bool inBlocks)
    {
        using var owned = device;
        using var norm = new Parameter("norm", device.ToTensor(KernelCase.Normal(Columns, "norm")));
        using var up = new Parameter("up", device.ToTensor(KernelCase.Normal(2 * Columns * Columns, "up", 0.1), 2 * Columns, Columns));
        var inner = isGated ? Columns : 2 * Columns;
        using var down = new Parameter("down", device.ToTensor(KernelCase.Normal(Columns * inner, "down", 0.1), Columns, inner));
        using var tape = new Tape(device);
        var x = tape.Input(device.ToTensor(KernelCase.Normal(Rows * Columns, "x"), Rows, Columns), requiresGradient: true);
        Variable Layer(Tape part, Variable input, int _)
        {
            var product = part.Linear(part.RmsNorm(input, norm, 1e-5f), up);
            var activated = isGated ? part.Gated(ActivationKind.Silu, product) : part.Activate(ActivationKind.GeluTanh, product);
            return part.Linear(activated, down, residual: input);
        }

        var y = x;
        for (var i = 0; i < Layers; i++)
        {
            y = inBlocks ? tape.Block(y, 0, Layer) : Layer(tape, y, 0);
        }

        using var seed = device.ToTensor(KernelCase.Normal(Rows * Columns, "seed"), Rows, Columns);
        tape.Seed(y, seed);
        tape.Backward();
        return ([.. x.Gradient!.AsSpan(), .. norm.Gradient!.AsSpan(), .. up.Gradient!.AsSpan(), .. down.Gradient!.AsSpan()], device.Memory.PeakUsedBytes);
    }

    private static double Distance(float[] expected, float[] actual) =>
        Math.Sqrt(expected.Zip(actual, (e, a) => Math.Pow((double)e - a, 2)).Sum() / expected.Sum(e => (double)e * e));

    private static CpuDevice BFloat16Device(int threads = 2) => new(KernelTier.Vector512BFloat16, threads, precision: ProductPrecision.BFloat16);
}
