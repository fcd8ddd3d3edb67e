using Transfuse.Tensors.Devices;
using Transfuse.Tensors.Devices.Cpu;
using Transfuse.Tensors.Random;

namespace Transfuse.Tensors.Tests;

/// <summary>What tests of kernels share: the tiers, awkward sizes, and arrays of reproducible numbers.</summary>
internal static class KernelCase
{
    /// <summary>Lengths around every vector width, the block of a row sum and the size of a task.</summary>
    internal static readonly int[] Lengths =
        [0, 1, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 128, 129, 511, 513, 1000, 1537, 16 * 1024, (48 * 1024) + 5];

    /// <summary>Rows × columns around vector widths, blocks of 32 and 64 rows and the size of a task.</summary>
    internal static readonly (int Rows, int Columns)[] Shapes =
    [
        (1, 1), (1, 3), (2, 4), (3, 5), (5, 7), (4, 8), (2, 9), (7, 15), (3, 16), (2, 17), (3, 31), (2, 32), (2, 33), (3, 63), (31, 64),
        (32, 65), (33, 127), (63, 128), (64, 129), (65, 33), (130, 17), (4100, 5), (9, 1000), (70, 1537), (2, 20_000),
    ];

    /// <summary>Every tier that this processor runs.</summary>
    internal static TheoryData<KernelTier> Tiers => [.. KernelTiers.Available];

    /// <summary>Every tier that this processor runs in float32, and the last one in bfloat16, too, if the processor has it.</summary>
    internal static IEnumerable<(KernelTier Tier, ProductPrecision Precision)> Products =>
    [
        .. KernelTiers.Available.Select(tier => (tier, ProductPrecision.Float32)),
        .. KernelTiers.Available.Where(tier => tier == KernelTier.Vector512BFloat16).Select(tier => (tier, ProductPrecision.BFloat16)),
    ];

    /// <summary><see cref="Products"/> as cases of a theory.</summary>
    internal static TheoryData<KernelTier, ProductPrecision> Kernels
    {
        get
        {
            var kernels = new TheoryData<KernelTier, ProductPrecision>();
            foreach (var (tier, precision) in Products)
            {
                kernels.Add(tier, precision);
            }

            return kernels;
        }
    }

    /// <summary>Numbers of threads that must not change a bit.</summary>
    internal static readonly int[] ThreadCounts = [1, 2, 4];

    /// <summary>Normally distributed numbers.</summary>
    internal static float[] Normal(int length, string name, double scale = 1)
    {
        var random = new RandomStream(1, name);
        var values = new float[length];
        for (var i = 0; i < length; i++)
        {
            values[i] = (float)(scale * random.NextNormal());
        }

        return values;
    }

    /// <summary>A tensor with these values.</summary>
    internal static Tensor ToTensor(this Device device, float[] values, int rows, int columns)
    {
        var tensor = device.Allocate(new Shape(rows, columns));
        values.CopyTo(tensor.AsSpan());
        return tensor;
    }

    /// <summary>A vector with these values.</summary>
    internal static Tensor ToTensor(this Device device, float[] values)
    {
        var tensor = device.Allocate(new Shape(values.Length));
        values.CopyTo(tensor.AsSpan());
        return tensor;
    }

    /// <summary>Runs <paramref name="kernel"/> with 1, 2 and 4 threads and fails unless all results have the same bits.</summary>
    internal static void SameBitsForAnyThreads(KernelTier tier, Func<CpuDevice, float[]> kernel)
    {
        float[]? expected = null;
        foreach (var threads in ThreadCounts)
        {
            using var device = new CpuDevice(tier, threads);
            var actual = kernel(device);
            expected ??= actual;
            Assert.Equal(expected.Select(BitConverter.SingleToInt32Bits), actual.Select(BitConverter.SingleToInt32Bits));
        }
    }

    /// <summary>
    /// Fails if every one of ten warmed-up calls of <paramref name="kernel"/> allocates managed memory: what the runtime allocates once, when a lock is
    /// first contended or a method compiled again, is no fault of the kernel.
    /// </summary>
    internal static void AllocatesNothing(Action kernel)
    {
        var least = long.MaxValue;
        for (var i = 0; i < 10; i++)
        {
            var before = GC.GetAllocatedBytesForCurrentThread();
            kernel();
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        Assert.Equal(0, least);
    }
}
