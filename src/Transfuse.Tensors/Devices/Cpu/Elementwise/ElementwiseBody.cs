using System.Runtime.CompilerServices;
using Transfuse.Tensors.Simd;

namespace Transfuse.Tensors.Devices.Cpu.Elementwise;

/// <summary>The loop around every elementwise kernel: whole vectors, then the rest of the row.</summary>
internal struct ElementwiseBody<TKernel>(TKernel kernel, WorkBlocks blocks) : ITierBody
    where TKernel : struct, IElementwiseKernel
{
    private readonly WorkBlocks _blocks = blocks;
    private TKernel _kernel = kernel;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Execute<TVector>(int task, int worker)
        where TVector : unmanaged, IVector<TVector>
    {
        var (firstRow, endRow, firstColumn, endColumn) = _blocks[task];

        // A local copy: other threads read the same struct, and the JIT keeps a local's fields in registers across stores.
        var kernel = _kernel;
        for (var row = firstRow; row < endRow; row++)
        {
            var column = firstColumn;
            for (; column <= endColumn - TVector.Count; column += TVector.Count)
            {
                kernel.Apply<TVector, AllLanes>(row, column, default);
            }

            if (column < endColumn)
            {
                kernel.Apply<TVector, FirstLanes>(row, column, new FirstLanes((int)(endColumn - column)));
            }
        }
    }
}
