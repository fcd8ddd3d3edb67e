using Transfuse.Tensors.Simd;

namespace Transfuse.Tensors.Devices.Cpu;

/// <summary>The loop around every kernel that takes rows by themselves.</summary>
internal readonly struct RowsBody<TKernel>(TKernel kernel, WorkBlocks blocks) : ITierBody
    where TKernel : struct, IRowKernel
{
    private readonly TKernel _kernel = kernel;
    private readonly WorkBlocks _blocks = blocks;

    public void Execute<TVector>(int task, int worker)
        where TVector : unmanaged, IVector<TVector>
    {
        var (first, end, _, _) = _blocks[task];
        for (var row = first; row < end; row++)
        {
            _kernel.Execute<TVector>(row, worker);
        }
    }
}
