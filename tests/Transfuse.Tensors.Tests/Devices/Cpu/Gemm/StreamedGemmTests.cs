using Transfuse.Tensors.Devices;
using Transfuse.Tensors.Devices.Cpu;
using Transfuse.Tensors.Devices.Cpu.Gemm;
using Transfuse.Tensors.Devices.Cpu.Quantized;
using Transfuse.Tensors.Simd;

namespace Transfuse.Tensors.Tests.Devices.Cpu.Gemm;

/// <summary>A product whose output passes by in parts has the bits of the one that is stored.</summary>
public sealed unsafe class StreamedGemmTests
{
    public static TheoryData<KernelTier, ProductPrecision> Kernels => KernelCase.Kernels;

    [Theory]
    [MemberData(nameof(Kernels))]
    public void Every_element_is_handed_on_once(KernelTier tier, ProductPrecision precision)
    {
        // One row, edges of tiles, several blocks of rows, of columns and of the depth.
        foreach (var (m, n, k) in (ReadOnlySpan<(int, int, int)>)[(1, 1, 1), (1, 1700, 40), (5, 97, 33), (300, 801, 64), (600, 50, 5), (70, 300, 2500), (40, 130, 5000)])
        {
            foreach (var threads in KernelCase.ThreadCounts)
            {
                using var device = new CpuDevice(tier, threads, precision: precision);
                using Tensor x = TestTensors.Normal(device, m, k, 1), w = TestTensors.Normal(device, n, k, 2);
                using Tensor stored = device.Allocate(new Shape(m, n)), streamed = device.Allocate(new Shape(m, n));
                var product = new GemmArguments(MatMulLayout.NT, m, n, k, x.Data, w.Data, stored.Data, null) { HasFixedOrder = true };
                device.Multiply(product);
                AssertStreams(device, product, stored, streamed);

                using var packed = device.Allocate(new Shape((int)device.PackedColumnsFloats(product)));
                AssertStreams(device, product with { PackedB = device.PackColumns(product, packed.Data) }, stored, streamed);
            }
        }
    }

    [Fact]
    public void A_quantised_weight_is_widened_on_the_way()
    {
        using var device = new CpuDevice(threads: 2);
        using Tensor x = TestTensors.Normal(device, 40, 64, 1), w = TestTensors.Normal(device, 500, 64, 2);
        using var resting = Tensor.AllocateResting(device.Memory, 64, new RestingSection(500, DType.Q8_0));
        for (var row = 0; row < w.Rows; row++)
        {
            BlockFormat.Narrow(DType.Q8_0, w.Row(row), resting.RestingRow(row));
        }

        using Tensor stored = device.Allocate(new Shape(40, 500)), streamed = device.Allocate(new Shape(40, 500));
        var product = new GemmArguments(MatMulLayout.NT, 40, 500, 64, x.Data, null, stored.Data, null, resting.Resting) { HasFixedOrder = true };
        device.Multiply(product);
        AssertStreams(device, product, stored, streamed);
    }

    [Theory]
    [MemberData(nameof(Kernels))]
    public void A_rehearsal_counts_what_it_takes(KernelTier tier, ProductPrecision precision)
    {
        using var device = new CpuDevice(tier, threads: 2, precision: precision);
        using Tensor x = TestTensors.Normal(device, 300, 100, 1), w = TestTensors.Normal(device, 500, 100, 2), streamed = device.Allocate(new Shape(300, 500));
        var product = new GemmArguments(MatMulLayout.NT, 300, 500, 100, x.Data, w.Data, null, null);
        var before = device.Memory.UsedBytes;
        device.Memory.ResetPeaks();
        device.Stream(product, device.StreamedParts(product).Columns, new Copy(streamed.Data, 500));
        using var rehearsal = device.CreateRehearsal();
        device.RentStream(rehearsal.Memory, product);
        Assert.Equal(device.Memory.PeakUsedBytes - before, rehearsal.Memory.PeakUsedBytes);
    }

    private static void AssertStreams(CpuDevice device, in GemmArguments product, Tensor expected, Tensor actual)
    {
        actual.Fill(float.NaN);
        var columns = device.StreamedParts(product).Columns;
        device.Stream(product with { Destination = null }, columns, new Copy(actual.Data, product.N));
        Assert.Equal(expected.AsSpan(), actual.AsSpan());

        // Stored first, and read then.
        actual.Fill(float.NaN);
        device.Stream(product, columns, new Copy(actual.Data, product.N));
        Assert.Equal(expected.AsSpan(), actual.AsSpan());
    }

    // Adds, so that a part which came twice shows: NaN before.
    private readonly struct Copy(float* destination, int columns) : ITileReader
    {
        public void Read<TVector>(in GemmTile tile, int row, int column, int worker)
            where TVector : unmanaged, IVector<TVector>
        {
            for (var i = 0; i < tile.Rows; i++)
            {
                for (var j = 0; j < tile.Columns; j++)
                {
                    var to = destination + ((nint)(row + i) * columns) + column + j;
                    *to = float.IsNaN(*to) ? tile.Destination[(i * tile.Stride) + j] : float.PositiveInfinity;
                }
            }
        }
    }
}
