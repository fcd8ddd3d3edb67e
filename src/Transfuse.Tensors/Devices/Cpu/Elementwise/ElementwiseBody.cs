using System.Runtime.CompilerServices;
using Transfuse.Tensors.Simd;

namespace Transfuse.Tensors.Devices.Cpu.Elementwise;

/// <summary>The loop around every elementwise kernel: whole vectors, then the rest of the row.</summary>
internal readonly struct ElementwiseBody<TKernel>(TKernel kernel, WorkBlocks blocks) : ITierBody
    where TKernel : struct, IElementwiseKernel
{
    private readonly WorkBlocks _blocks = blocks;
    private readonly TKernel _kernel = kernel;

    public void Execute<TVector>(int task, int worker)
        where TVector : unmanaged, IVector<TVector>
    {
        var (firstRow, endRow, firstColumn, endColumn) = _blocks[task];
        for (var row = firstRow; row < endRow; row++)
        {
            var column = Whole<TVector>(_kernel, row, firstColumn, endColumn);
            if (column < endColumn)
            {
                Rest<TVector>(_kernel, row, column, (int)(endColumn - column));
            }
        }
    }

    // Methods of their own, never inlined: the JIT gives up inlining where one method has taken in too much, and a kernel whose vector
    // operations are calls runs at a fraction of its speed. The kernel comes by value, so that its fields stay in registers across stores.
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static long Whole<TVector>(TKernel kernel, long row, long column, long endColumn)
        where TVector : unmanaged, IVector<TVector>
    {
        for (; column <= endColumn - TVector.Count; column += TVector.Count)
        {
            kernel.Apply<TVector, AllLanes>(row, column, default);
        }

        return column;
    }

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static void Rest<TVector>(TKernel kernel, long row, long column, int count)
        where TVector : unmanaged, IVector<TVector> => kernel.Apply<TVector, FirstLanes>(row, column, new FirstLanes(count));
}
