using Transfuse.Tensors.Autograd;
using Transfuse.Tensors.Devices;
using Transfuse.Tensors.Devices.Cpu;
using Transfuse.Tensors.Errors;

namespace Transfuse.Tensors.Tests.Autograd;

public sealed class TapeTests
{
    [Fact]
    public void A_borrowed_tensor_stays_its_owners()
    {
        using var device = new CpuDevice(threads: 1);
        using var cache = device.ToTensor([1f, 2]);
        using (var tape = new Tape(device))
        {
            var borrowed = tape.Borrow(cache);
            Assert.False(borrowed.RequiresGradient);
            var x = tape.Input(device.ToTensor([3f, 4]), requiresGradient: true);
            var y = tape.Add(borrowed, x);
            using var seed = device.ToTensor([1f, 1]);
            tape.Seed(y, seed);
            tape.Backward();
            Assert.Null(borrowed.Gradient);
        }

        Assert.Equal([1f, 2], cache.AsSpan());
    }

    [Fact]
    public void Backward_gives_intermediate_values_back_and_keeps_inputs_and_their_gradients()
    {
        using var device = new CpuDevice(threads: 1);
        using var tape = new Tape(device);
        var x = tape.Input(device.ToTensor([1f, 2]), requiresGradient: true);
        var middle = tape.Scale(x, 2);
        var y = tape.Scale(middle, 3);
        using var seed = device.ToTensor([1f, 10]);
        tape.Seed(y, seed);
        tape.Backward();
        Assert.True(middle.Value.IsDisposed);
        Assert.True(y.Value.IsDisposed);
        Assert.Equal([6f, 60], x.Gradient!.AsSpan());
    }

    [Fact]
    public void Gradients_of_parameters_add_up_over_tapes()
    {
        using var device = new CpuDevice(threads: 1);
        using var parameter = new Parameter("w", device.ToTensor([1f, 2]));
        for (var i = 1; i <= 3; i++)
        {
            using var tape = new Tape(device);
            var y = tape.Add(tape.Scale(parameter, 2), parameter);
            using var seed = device.ToTensor([1f, 10]);
            tape.Seed(y, seed);
            tape.Backward();
            Assert.Equal([3f * i, 30f * i], parameter.Gradient!.AsSpan());
        }

        parameter.ZeroGradient(device);
        Assert.Equal([0f, 0], parameter.Gradient!.AsSpan());
        Assert.Equal([1f, 2], parameter.Value.AsSpan());
    }

    [Fact]
    public void A_gradient_that_was_released_starts_anew()
    {
        using var device = new CpuDevice(threads: 1);
        using var parameter = new Parameter("w", device.ToTensor([1f, 2]));
        var before = device.Memory.UsedBytes;
        for (var i = 0; i < 2; i++)
        {
            using (var tape = new Tape(device))
            {
                using var seed = device.ToTensor([1f, 10]);
                tape.Seed(tape.Scale(parameter, 2), seed);
                tape.Backward();
            }

            Assert.Equal([2f, 20], parameter.Gradient!.AsSpan());
            parameter.ReleaseGradient();
            Assert.Null(parameter.Gradient);
            Assert.Equal(before, device.Memory.UsedBytes);
        }
    }

    [Fact]
    public void A_frozen_parameter_gets_no_gradient()
    {
        using var device = new CpuDevice(threads: 1);
        using var parameter = new Parameter("w", device.ToTensor([1f, 2])) { IsTrainable = false };
        using var tape = new Tape(device);
        var y = tape.Scale(parameter, 2);
        Assert.False(y.RequiresGradient);
        using var seed = device.ToTensor([1f, 1]);
        tape.Seed(y, seed);
        tape.Backward();
        Assert.Null(parameter.Gradient);
    }

    [Fact]
    public void A_scoring_tape_refuses_to_run_backwards_and_a_used_one_to_run_again()
    {
        using var device = new CpuDevice(threads: 1);
        using Tape scoring = new(device, recordGradients: false), used = new(device);
        Assert.Throws<InvalidOperationException>(scoring.Backward);
        used.Backward();
        Assert.Throws<InvalidOperationException>(used.Backward);
    }

    [Fact]
    public void Disposing_gives_everything_back_whether_or_not_it_ran_backwards_or_failed()
    {
        using var device = new CpuDevice(threads: 1);
        using var weight = device.ToTensor([1f, 2, 3]);
        var before = device.Memory.UsedBytes;
        foreach (var backward in new[] { true, false })
        {
            using var tape = new Tape(device);
            var x = tape.Input(device.AllocateZeroed(new Shape(4, 3)), requiresGradient: true);
            var y = tape.LayerNorm(tape.RmsNorm(x, tape.Borrow(weight), 1e-5f), tape.Borrow(weight), null, 1e-5f);
            Assert.Throws<ShapeMismatchException>(() => tape.RmsNorm(y, tape.Input(device.AllocateZeroed(new Shape(4))), 1e-5f));
            Assert.Throws<ShapeMismatchException>(() => tape.LayerNorm(y, tape.Borrow(weight), tape.Input(device.AllocateZeroed(new Shape(4))), 1e-5f));
            Assert.Throws<ShapeMismatchException>(() => tape.Add(y, tape.Borrow(weight)));
            using var seed = device.AllocateZeroed(new Shape(4, 3));
            tape.Seed(y, seed);
            if (backward)
            {
                tape.Backward();
            }
        }

        Assert.Equal(before, device.Memory.UsedBytes);
    }

    [Fact]
    public void Operations_without_gradient_are_skipped_backwards()
    {
        using var device = new CpuDevice(threads: 1);
        using var tape = new Tape(device);
        var constant = tape.Input(device.ToTensor([1f, 2]));
        var unused = tape.Activate(ActivationKind.Silu, constant);
        var x = tape.Input(device.ToTensor([1f, 2]), requiresGradient: true);
        _ = tape.Scale(x, 2);
        tape.Backward();
        Assert.Null(x.Gradient);
        Assert.Null(constant.Gradient);
        Assert.True(unused.Value.IsDisposed);
    }
}
