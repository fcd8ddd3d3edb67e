using Transfuse.Tensors.Autograd;
using Transfuse.Tensors.Devices.Cpu;
using Transfuse.Tensors.Optimizers;

namespace Transfuse.Tensors.Tests.Optimizers;

public sealed class AdamWOptimizerTests
{
    [Fact]
    public void First_step_moves_by_the_learning_rate_against_the_sign()
    {
        using var device = new CpuDevice(threads: 1);
        using var parameter = Parameter(device, "w", [1, 2, 3], [0.5f, -4, 0]);
        using var optimizer = new AdamWOptimizer(device, [parameter], new AdamWOptions { WeightDecay = 0 });
        optimizer.Step(0.1);

        // m̂ = g and v̂ = g² after one step, so the change is η·sign(g).
        Assert.Equal([0.9f, 2.1f, 3], parameter.Value.AsSpan().ToArray().Select(value => MathF.Round(value, 6)));
        Assert.Equal(1, optimizer.StepCount);
    }

    [Fact]
    public void Decay_is_decoupled_and_only_where_the_parameter_decays()
    {
        using var device = new CpuDevice(threads: 1);
        using var decaying = Parameter(device, "w", [1], [0]);
        using var other = new Parameter("b", device.ToTensor([1f])) { Decays = false };
        other.ZeroGradient(device);
        using var optimizer = new AdamWOptimizer(device, [decaying, other], new AdamWOptions { WeightDecay = 0.5f });
        optimizer.Step(0.1);
        Assert.Equal(0.95f, decaying.Value.AsSpan()[0], 1e-7f);
        Assert.Equal(1, other.Value.AsSpan()[0]);
    }

    [Fact]
    public void A_run_continued_from_its_state_takes_the_same_steps()
    {
        using var device = new CpuDevice(threads: 1);
        float[] start = KernelCase.Normal(50, "start"), gradient = KernelCase.Normal(50, "gradient");
        using var whole = Parameter(device, "w", start, gradient);
        using var optimizer = new AdamWOptimizer(device, [whole], new AdamWOptions());
        for (var step = 0; step < 3; step++)
        {
            optimizer.Step(0.01);
        }

        using var resumed = Parameter(device, "w", whole.Value.AsSpan().ToArray(), gradient);
        using var second = new AdamWOptimizer(device, [resumed], new AdamWOptions()) { StepCount = optimizer.StepCount };
        Assert.Equal("w", optimizer.Moments[0].Name);
        second.Moments[0].First.CopyFrom(optimizer.Moments[0].First);
        second.Moments[0].Second.CopyFrom(optimizer.Moments[0].Second);
        optimizer.Step(0.01);
        second.Step(0.01);
        Assert.Equal(whole.Value.AsSpan(), resumed.Value.AsSpan());
    }

    [Fact]
    public void Frozen_parameters_and_those_without_gradient_stay()
    {
        using var device = new CpuDevice(threads: 1);
        using var frozen = Parameter(device, "frozen", [1], [1]);
        frozen.IsTrainable = false;
        using var without = new Parameter("without", device.ToTensor([1f]));
        using var optimizer = new AdamWOptimizer(device, [frozen, without], new AdamWOptions());
        optimizer.Step(0.1);
        Assert.Equal("without", Assert.Single(optimizer.Moments).Name);
        Assert.Equal(1, frozen.Value.AsSpan()[0]);
        Assert.Equal(1, without.Value.AsSpan()[0]);
    }

    [Fact]
    public void Two_parameters_of_one_name_are_refused()
    {
        using var device = new CpuDevice(threads: 1);
        using Parameter a = Parameter(device, "w", [1], [1]), b = Parameter(device, "w", [1], [1]);
        Assert.Contains("'w'", Assert.Throws<ArgumentException>(() => new AdamWOptimizer(device, [a, b], new AdamWOptions())).Message);
    }

    [Fact]
    public void Disposing_gives_the_moments_back()
    {
        using var device = new CpuDevice(threads: 1);
        using var parameter = Parameter(device, "w", [1], [1]);
        var before = device.Memory.UsedBytes;
        var optimizer = new AdamWOptimizer(device, [parameter], new AdamWOptions());
        Assert.True(device.Memory.UsedBytes > before);
        optimizer.Dispose();
        Assert.Equal(before, device.Memory.UsedBytes);
    }

    private static Parameter Parameter(CpuDevice device, string name, float[] value, float[] gradient)
    {
        var parameter = new Parameter(name, device.ToTensor(value));
        parameter.ZeroGradient(device);
        gradient.CopyTo(parameter.Gradient!.AsSpan());
        return parameter;
    }
}
