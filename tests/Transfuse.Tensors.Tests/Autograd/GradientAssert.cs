using Transfuse.Tensors.Autograd;
using Transfuse.Tensors.Devices.Cpu;

namespace Transfuse.Tensors.Tests.Autograd;

/// <summary>Gradient checks of operations at random values.</summary>
internal static class GradientAssert
{
    /// <summary>Fails unless the gradients of <paramref name="function"/> agree with central differences at normally distributed inputs of these shapes.</summary>
    internal static void Holds(
        Func<Tape, IReadOnlyList<Variable>, Variable> function, double tolerance = 1e-3, float step = 0.02f, params Shape[] shapes)
    {
        using var device = new CpuDevice(threads: 2);
        List<Tensor> inputs = [];
        foreach (var shape in shapes)
        {
            var tensor = device.Allocate(shape);
            KernelCase.Normal((int)shape.Length, $"input {inputs.Count}").CopyTo(tensor.AsSpan());
            inputs.Add(tensor);
        }

        var before = device.Memory.UsedBytes;
        var result = GradientCheck.Run(device, inputs, function, step);
        Assert.True(result.Difference <= tolerance, result.ToString());
        Assert.Equal(before, device.Memory.UsedBytes);
    }
}
