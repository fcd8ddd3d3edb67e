using Transfuse.Tensors.Devices;
using Transfuse.Tensors.Random;

namespace Transfuse.Tensors.Tests;

/// <summary>Tensors to test with.</summary>
internal static class TestTensors
{
    /// <summary>A matrix of normal numbers, the same for the same seed.</summary>
    internal static Tensor Normal(Device device, int rows, int columns, int seed)
    {
        var random = new RandomStream(seed, "normal");
        var tensor = device.Allocate(new Shape(rows, columns));
        foreach (ref var value in tensor.AsSpan())
        {
            value = (float)random.NextNormal();
        }

        return tensor;
    }
}
