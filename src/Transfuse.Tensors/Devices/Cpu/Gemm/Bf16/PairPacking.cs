using System.Runtime.CompilerServices;

namespace Transfuse.Tensors.Devices.Cpu.Gemm.Bf16;

/// <summary>
/// Brings lines of an operand into a packed panel of bfloat16 pairs: destination[p·width + i] holds elements 2p (lower half) and 2p + 1 (upper half) of
/// line i, rounded to nearest, ties to even. A depth beyond the last counts as zero. Traffic: 6 bytes an element, 4 from bfloat16.
/// </summary>
/// <remarks>The assembled loops take whole blocks. What is left at an edge is copied into a block of its own, zeros around it, and goes through the same loops.</remarks>
internal readonly unsafe struct PairPacking(BFloat16Code code, GemmOperand operand)
{
    private const int Lanes = 16;
    private const int MostVectors = 3;
    private const int Lines = PackingAssembler.TransposedLines;
    private const int Depths = PackingAssembler.TransposedDepths;

    // Depths that are transposed for all lines of a panel before the next ones: their part of the panel stays in the first-level cache.
    private const int DepthStrip = 4 * Depths;

    private readonly PackingLoops _loops = code.Packing(operand.IsBFloat16);
    private readonly GemmOperand _operand = operand;

    private nint StrideInBytes => _operand.Stride * _operand.ElementSize;

    /// <summary>Packs <paramref name="lines"/> lines from (<paramref name="line"/>, <paramref name="start"/>) into a panel of <paramref name="width"/> lines, a multiple of 8.</summary>
    internal void Pack(int line, int lines, int start, int depth, byte* destination, int width)
    {
        if (_operand.DepthContiguous)
        {
            Transpose(line, lines, start, depth, destination, width);
        }
        else
        {
            Copy(line, lines, start, depth, destination, width);
        }
    }

    /// <summary>Packs 32 lines that lie side by side into four panels of eight, panel after panel.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal void CopyGroup(int line, int start, int depth, byte* destination)
    {
        const int Width = TileAssembler.Rows;
        var panelBytes = (nint)((depth + 1) / 2) * Width * sizeof(uint);
        if (depth > 1)
        {
            Call(_loops.CopyGroup, depth / 2, _operand.Address(line, start), StrideInBytes, destination, panelBytes);
        }

        if (depth % 2 != 0)
        {
            for (var panel = 0; panel < IGemmKernel.RowGroup; panel++)
            {
                CopyLast(line + (panel * Width), Width, start + depth - 1, destination + ((panel + 1) * panelBytes) - (Width * sizeof(uint)), Width);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Copy(int line, int lines, int start, int depth, byte* destination, int width)
    {
        if (depth > 1)
        {
            Call(_loops.Copy(width), depth / 2, _operand.Address(line, start), StrideInBytes, destination, 0, LastLanes(lines));
        }

        if (depth % 2 != 0)
        {
            CopyLast(line, lines, start + depth - 1, destination + ((nint)(depth / 2) * width * sizeof(uint)), width);
        }
    }

    // The last depth of an odd number: its partner is zero.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    [SkipLocalsInit]
    private void CopyLast(int line, int lines, int depth, byte* destination, int width)
    {
        const int Room = MostVectors * Lanes;
        var rows = stackalloc float[2 * Room];
        new Span<float>(rows, 2 * Room).Clear();
        Unsafe.CopyBlockUnaligned(rows, _operand.Address(line, depth), (uint)(lines * _operand.ElementSize));
        Call(_loops.Copy(width), 1, (byte*)rows, Room * _operand.ElementSize, destination, 0, LastLanes(width));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Transpose(int line, int lines, int start, int depth, byte* destination, int width)
    {
        for (var strip = 0; strip < depth; strip += DepthStrip)
        {
            var depths = Math.Min(DepthStrip, depth - strip);
            for (var i = 0; i < lines; i += Lines)
            {
                var to = destination + (((nint)(strip / 2) * width) + i) * sizeof(uint);
                var count = Math.Min(Lines, lines - i);
                var whole = count == Lines ? depths / Depths * Depths : 0;
                if (whole > 0)
                {
                    Call(_loops.Transpose, whole / Depths, _operand.Address(line + i, start + strip), StrideInBytes, to, width * sizeof(uint));
                }

                for (var d = whole; d < depths; d += Depths)
                {
                    TransposeBlock(line + i, count, start + strip + d, Math.Min(Depths, depths - d), to + ((nint)(d / 2) * width * sizeof(uint)), width);
                }
            }
        }
    }

    // A block of fewer lines or depths than the loop takes.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    [SkipLocalsInit]
    private void TransposeBlock(int line, int lines, int start, int depths, byte* destination, int width)
    {
        var block = stackalloc float[Lines * Depths];
        new Span<float>(block, Lines * Depths).Clear();
        for (var i = 0; i < lines; i++)
        {
            Unsafe.CopyBlockUnaligned((byte*)block + (i * Depths * _operand.ElementSize), _operand.Address(line + i, start), (uint)(depths * _operand.ElementSize));
        }

        var pairs = stackalloc uint[Lines * Depths / 2];
        Call(_loops.Transpose, 1, (byte*)block, Depths * _operand.ElementSize, (byte*)pairs, Lines * sizeof(uint));
        for (var pair = 0; pair < (depths + 1) / 2; pair++)
        {
            Unsafe.CopyBlockUnaligned(destination + ((nint)pair * width * sizeof(uint)), pairs + (pair * Lines), Lines * sizeof(uint));
        }
    }

    private static void Call(
        delegate* unmanaged[SuppressGCTransition]<PackingCall*, void> loop, int count, byte* source, nint sourceStride, byte* destination,
        nint destinationStride, ulong lastLanes = ulong.MaxValue)
    {
        var call = new PackingCall
        {
            Count = count,
            Source = source,
            SourceStride = sourceStride,
            Destination = destination,
            DestinationStride = destinationStride,
            LastLanes = lastLanes,
        };
        loop(&call);
    }

    private static ulong LastLanes(int lines) => (1UL << (((lines - 1) % Lanes) + 1)) - 1;
}
