using Transfuse.Tensors.Autograd;
using Transfuse.Tensors.Devices;
using Transfuse.Tensors.Devices.Cpu;
using Transfuse.Tensors.Random;

namespace Transfuse.Tensors.Tests.Autograd;

public sealed class BlockOperationTests
{
    [Fact]
    [GradientCheckOf(typeof(BlockOperation<>))]
    public void Gradient_equals_central_differences()
    {
        using var device = new CpuDevice(threads: 1);
        using Tensor x = device.ToTensor(KernelCase.Normal(12, "x"), 3, 4), weight = device.ToTensor(KernelCase.Normal(4, "weight"));
        var result = GradientCheck.Run(device, [x, weight], (outer, variables) => BlockOperation<Variable>.Apply(
            outer, variables[0], variables[1], (tape, input, w) => tape.Activate(ActivationKind.Gelu, tape.RmsNorm(input, w, 1e-5f))));
        Assert.True(result.Difference < 1e-3, result.ToString());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(0.3f)]
    public void Recomputation_changes_no_bit_and_no_random_number(float dropout)
    {
        var (plain, plainCounter) = Train(recompute: false, dropout);
        var (again, againCounter) = Train(recompute: true, dropout);
        Assert.Equal(plain, again);
        Assert.Equal(plainCounter, againCounter);
    }

    [Fact]
    public void Nested_blocks_change_no_bit()
    {
        using var device = new CpuDevice(threads: 1);
        Assert.Equal(Nested(device, recompute: false), Nested(device, recompute: true));
    }

    [Fact]
    public void Recomputation_keeps_only_the_blocks_inputs()
    {
        using var device = new CpuDevice(threads: 1);
        long UsedAfterForward(bool recordGradients, bool recompute)
        {
            using var tape = new Tape(device, recordGradients, recompute);
            var x = tape.Input(device.AllocateZeroed(new Shape(100, 1000)));
            _ = tape.Block(x, 0, (inner, input, _) => Chain(inner, input));
            return device.Memory.UsedBytes;
        }

        // Input and output of 400 kB each; recording keeps four more.
        var kept = UsedAfterForward(recordGradients: true, recompute: true);
        Assert.Equal(kept, UsedAfterForward(recordGradients: false, recompute: false));
        Assert.Equal(3 * kept, UsedAfterForward(recordGradients: true, recompute: false));
        Assert.Equal(0, device.Memory.UsedBytes);

        static Variable Chain(Tape tape, Variable x)
        {
            for (var i = 0; i < 5; i++)
            {
                x = tape.Add(x, x);
            }

            return x;
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_block_that_gives_its_input_back_is_no_block(bool recordGradients)
    {
        using var device = new CpuDevice(threads: 1);
        using var tape = new Tape(device, recordGradients, recompute: true);
        var x = tape.Input(device.ToTensor([1f, 2]), requiresGradient: true);
        var y = tape.Block(x, 0, (_, input, _) => input);
        Assert.Same(x, y);
        Assert.Equal([1f, 2], y.Value.AsSpan());
    }

    [Fact]
    public void A_block_of_constants_wants_no_gradient()
    {
        using var device = new CpuDevice(threads: 1);
        using var tape = new Tape(device, recompute: true);
        var x = tape.Input(device.ToTensor([1f, 2]));
        Assert.False(tape.Block(x, 0, (inner, input, _) => inner.Scale(input, 2)).RequiresGradient);
    }

    [Fact]
    public void A_body_that_throws_loses_no_memory()
    {
        using var device = new CpuDevice(threads: 1);
        using (var tape = new Tape(device, recompute: true))
        {
            var x = tape.Input(device.ToTensor([1f, 2]));
            Assert.Throws<InvalidDataException>(() => tape.Block<int>(x, 2, (inner, input, factor) =>
            {
                inner.Scale(input, factor);
                throw new InvalidDataException();
            }));
        }

        Assert.Equal(0, device.Memory.UsedBytes);
    }

    private static (float[] Gradients, ulong Counter) Train(bool recompute, float dropout)
    {
        using var device = new CpuDevice(threads: 1);
        using var weight = new Parameter("weight", device.ToTensor(KernelCase.Normal(20, "weight")));
        using var tape = new Tape(device, recompute: recompute);
        var random = new RandomStream(3, "dropout");
        var x = tape.Input(device.ToTensor(KernelCase.Normal(100, "x"), 5, 20), requiresGradient: true);
        var y = x;
        for (var layer = 0; layer < 3; layer++)
        {
            y = tape.Block(y, (weight, random, dropout), (inner, input, context) => inner.Add(
                input, inner.Dropout(inner.RmsNorm(input, context.weight, 1e-5f), context.dropout, context.random)));
        }

        using var seed = device.ToTensor(KernelCase.Normal(100, "seed"), 5, 20);
        tape.Seed(y, seed);
        tape.Backward();
        return ([.. x.Gradient!.AsSpan(), .. weight.Gradient!.AsSpan()], random.Counter);
    }

    private static float[] Nested(CpuDevice device, bool recompute)
    {
        using var tape = new Tape(device, recompute: recompute);
        var random = new RandomStream(3, "dropout");
        var x = tape.Input(device.ToTensor(KernelCase.Normal(100, "x"), 5, 20), requiresGradient: true);
        var y = tape.Block(x, random, (outer, input, stream) => outer.Block(
            outer.Scale(input, 2), stream, (inner, value, s) => inner.Dropout(inner.Activate(ActivationKind.Silu, value), 0.5f, s)));
        using var seed = device.ToTensor(KernelCase.Normal(100, "seed"), 5, 20);
        tape.Seed(y, seed);
        tape.Backward();
        return x.Gradient!.AsSpan().ToArray();
    }
}
