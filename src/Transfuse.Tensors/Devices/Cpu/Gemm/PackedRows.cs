using System.Runtime.CompilerServices;
using Transfuse.Tensors.Devices.Cpu.Quantized;

namespace Transfuse.Tensors.Devices.Cpu.Gemm;

/// <summary>
/// Rows of a weight W that rest packed, as the columns of x·Wᵀ: the kernel that packed them reads them as they lie, everything else gathers them.
/// </summary>
internal sealed unsafe class PackedRows : RestingRows
{
    private readonly byte* _data;
    private readonly int _slabDepth, _rows, _tile, _lastWidth, _elementSize, _multiple;
    private readonly nint _slabBytes;

    private PackedRows(int slabDepth, int rows, int columns, int tile, int lastWidth, int elementSize, int multiple, nint slabBytes, byte* data)
        : base(columns)
    {
        (_slabDepth, _rows, _tile, _lastWidth) = (slabDepth, rows, tile, lastWidth);
        (_elementSize, _multiple) = (elementSize, multiple);
        _slabBytes = slabBytes;
        _data = data;
    }

    /// <inheritdoc/>
    internal override string TypeNames => _elementSize == sizeof(float) ? "packed float32" : "packed bfloat16";

    /// <summary>Describes what <see cref="PackedGemm.Pack"/> makes of the second operand of a product.</summary>
    /// <param name="kernel">The kernel.</param>
    /// <param name="packing">The product.</param>
    /// <param name="data">Where it lies; stays the caller's.</param>
    internal static PackedRows Of<TKernel>(TKernel kernel, in GemmPacking<TKernel> packing, byte* data)
        where TKernel : struct, IGemmKernel
    {
        var (rows, tile) = (packing.Arguments.N, kernel.TileColumns);
        return new PackedRows(
            packing.Plan.SlabDepth, rows, packing.Arguments.K, tile, kernel.PanelColumns(((rows - 1) % tile) + 1), kernel.ElementSize, kernel.DepthMultiple,
            (nint)packing.SizeInBytes(rows: false, rows), data);
    }

    /// <summary>The columns as a kernel reads them, or null if it was another kind of kernel that packed them.</summary>
    internal PackedColumns? For<TKernel>(TKernel kernel)
        where TKernel : struct, IGemmKernel =>
        kernel.TileColumns == _tile && kernel.ElementSize == _elementSize ? new PackedColumns((nint)_data) : null;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal override void Widen(int row, int start, int count, float* destination)
    {
        for (var depth = start; depth < start + count;)
        {
            var (slab, inSlab) = Math.DivRem(depth, _slabDepth);
            var slabDepth = Math.Min(_slabDepth, Columns - (slab * _slabDepth));
            var taken = Math.Min(slabDepth - inSlab, start + count - depth);
            var padded = (slabDepth + _multiple - 1) / _multiple * _multiple;
            var panel = _data + (slab * _slabBytes) + ((nint)(row / _tile * _tile) * padded * _elementSize);
            Gather(panel, row, inSlab, taken, destination + (depth - start));
            depth += taken;
        }
    }

    // A panel holds, for every group of depths that are multiplied together, those of each of its rows.
    private void Gather(byte* panel, int row, int first, int count, float* destination)
    {
        var width = (nint)(row / _tile == (_rows - 1) / _tile ? _lastWidth : _tile);
        for (nint i = 0, depth = first; i < count; i++, depth++)
        {
            var element = panel + ((((depth / _multiple * width) + (row % _tile)) * _multiple + (depth % _multiple)) * _elementSize);
            destination[i] = _elementSize == sizeof(float) ? *(float*)element : BFloat16.FromBits(*(ushort*)element).ToSingle();
        }
    }
}
