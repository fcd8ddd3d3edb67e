using Transfuse.Tensors.Autograd;
using Transfuse.Tensors.Devices;
using Transfuse.Tensors.Devices.Cpu;
using Transfuse.Tensors.Random;

namespace Transfuse.Tensors.Tests.Autograd;

/// <summary>Values that are cheap to compute again: forgotten where a block ends, and the same when somebody asks.</summary>
public sealed class ForgottenValuesTests
{
    private const int Rows = 64, Columns = 64;
    private const long Bytes = sizeof(float) * Rows * Columns;

    public static TheoryData<string> CheapOperations => [.. Cheap.Keys];

    private static Dictionary<string, Func<Tape, Variable, Variable, Variable>> Cheap => new()
    {
        ["RmsNorm"] = (tape, x, vector) => tape.RmsNorm(x, vector, 1e-5f, 1),
        ["LayerNorm"] = (tape, x, vector) => tape.LayerNorm(x, vector, vector, 1e-5f),
        ["Activate"] = (tape, x, _) => tape.Activate(ActivationKind.Gelu, x),
        ["Gated"] = (tape, x, _) => tape.Gated(ActivationKind.Silu, x),
        ["Clamp"] = (tape, x, _) => tape.Clamp(x, 0.5f),
        ["Scale"] = (tape, x, _) => tape.Scale(x, 3),
        ["Columns"] = (tape, x, _) => tape.Columns(x, 7, 32),
        ["AdaptWeight"] = (tape, x, vector) => tape.AdaptWeight(x, [new LowRankUpdate(0, View(tape, vector, Rows, 1), View(tape, vector, 1, Columns), 2)]),
        ["Dropout"] = (tape, x, _) => tape.Dropout(x, 0.25f, new RandomStream(5, "dropout")),
    };

    [Theory]
    [MemberData(nameof(CheapOperations))]
    public void A_cheap_value_is_forgotten_at_the_end_of_the_block_and_comes_back_with_the_same_bits(string name)
    {
        using var device = new CpuDevice(threads: 1);
        using var vector = device.ToTensor(KernelCase.Normal(Columns, "vector"));
        using var tape = new Tape(device);
        var x = tape.Input(device.ToTensor(KernelCase.Normal(Rows * Columns, "x"), Rows, Columns), requiresGradient: true);
        Variable? cheap = null;
        float[] before = [];
        long withinBlock = 0;
        _ = tape.Block(x, 0, (inner, input, _) =>
        {
            cheap = Cheap[name](inner, input, inner.Borrow(vector));
            before = cheap.Value.AsSpan().ToArray();
            var result = inner.Add(cheap, cheap);
            withinBlock = device.Memory.UsedBytes;
            return result;
        });
        Assert.Equal(withinBlock - (sizeof(float) * before.Length), device.Memory.UsedBytes);
        Assert.Equal(before, cheap!.Value.AsSpan());
        Assert.Equal(withinBlock, device.Memory.UsedBytes);
    }

    [Fact]
    public void A_value_that_was_changed_in_place_comes_back_changed()
    {
        using var device = new CpuDevice(threads: 1);
        using Tensor cos = device.ToTensor(KernelCase.Normal(2 * Rows, "cos"), Rows, 2), sin = device.ToTensor(KernelCase.Normal(2 * Rows, "sin"), Rows, 2);
        using var tape = new Tape(device);
        var x = tape.Input(device.ToTensor(KernelCase.Normal(Rows * Columns, "x"), Rows, Columns));
        Variable? turned = null;
        float[] before = [];
        _ = tape.Block(x, 0, (inner, input, _) =>
        {
            turned = inner.Scale(input, 2);
            inner.RopeInPlace(turned, new HeadLayout(0, 4), Columns / 4, cos, sin, Enumerable.Range(0, Rows).ToArray());
            before = turned.Value.AsSpan().ToArray();
            return inner.Add(turned, turned);
        });
        var used = device.Memory.UsedBytes;
        Assert.Equal(before, turned!.Value.AsSpan());
        Assert.Equal(used + Bytes, device.Memory.UsedBytes);
    }

    [Fact]
    public void The_result_of_a_block_is_kept()
    {
        using var device = new CpuDevice(threads: 1);
        using var tape = new Tape(device);
        var x = tape.Input(device.AllocateZeroed(new Shape(Rows, Columns)));
        _ = tape.Block(x, 0, (inner, input, _) => inner.Scale(input, 2));
        Assert.Equal(2 * Bytes, device.Memory.UsedBytes);
    }

    [Fact]
    public void Gradients_have_the_same_bits_with_and_without_blocks_and_take_less_memory()
    {
        var (kept, keptPeak) = Train((tape, x, weights) => Layer(tape, x, weights));
        var (forgotten, peak) = Train((tape, x, weights) => tape.Block(x, weights, Layer));
        Assert.Equal(kept, forgotten);

        // Each of the four layers keeps neither the norm nor the gated product.
        Assert.True(peak <= keptPeak - (3 * 2 * Bytes), $"{peak} against {keptPeak} bytes");
    }

    [Fact]
    public void The_gradient_takes_the_place_of_a_value_that_nobody_asks_for_again()
    {
        using var device = new CpuDevice(threads: 1);
        using var tape = new Tape(device);
        var x = tape.Input(device.ToTensor(KernelCase.Normal(Rows * Columns, "x"), Rows, Columns), requiresGradient: true);
        var y = tape.Activate(ActivationKind.Silu, tape.Scale(x, 2));
        using (var seed = device.ToTensor(KernelCase.Normal(Rows * Columns, "seed"), Rows, Columns))
        {
            tape.Seed(y, seed);
        }

        var before = device.Memory.UsedBytes;
        device.Memory.ResetPeaks();
        tape.Backward();

        // The gradient of x comes when y and its gradient are gone.
        Assert.Equal(before, device.Memory.PeakUsedBytes);
    }

    private static Variable View(Tape tape, Variable vector, int rows, int columns) => tape.Input(vector.Value.Reshape(new Shape(rows, columns)));

    private static Variable Layer(Tape tape, Variable x, (Parameter Norm, Parameter Up, Parameter Down) weights)
    {
        var gateUp = tape.Linear(tape.RmsNorm(x, weights.Norm, 1e-5f), weights.Up);
        return tape.Linear(tape.Gated(ActivationKind.Silu, gateUp), weights.Down, residual: x);
    }

    private static (float[] Gradients, long Peak) Train(
        Func<Tape, Variable, (Parameter Norm, Parameter Up, Parameter Down), Variable> layer)
    {
        using var device = new CpuDevice(threads: 1);
        using var norm = new Parameter("norm", device.ToTensor(KernelCase.Normal(Columns, "norm")));
        using var up = new Parameter("up", device.ToTensor(KernelCase.Normal(2 * Columns * Columns, "up"), 2 * Columns, Columns));
        using var down = new Parameter("down", device.ToTensor(KernelCase.Normal(Columns * Columns, "down"), Columns, Columns));
        using var tape = new Tape(device);
        var x = tape.Input(device.ToTensor(KernelCase.Normal(Rows * Columns, "x"), Rows, Columns), requiresGradient: true);
        var y = x;
        for (var i = 0; i < 4; i++)
        {
            y = layer(tape, y, (norm, up, down));
        }

        using var seed = device.ToTensor(KernelCase.Normal(Rows * Columns, "seed"), Rows, Columns);
        tape.Seed(y, seed);
        tape.Backward();
        return ([.. x.Gradient!.AsSpan(), .. norm.Gradient!.AsSpan(), .. up.Gradient!.AsSpan(), .. down.Gradient!.AsSpan()], device.Memory.PeakUsedBytes);
    }
}
