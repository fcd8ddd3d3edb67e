using Transfuse.Tensors.Parallelism;
using Transfuse.Tensors.Simd;

namespace Transfuse.Tensors.Devices.Cpu;

public sealed partial class CpuDevice
{
    /// <summary>Runs the tasks of <paramref name="body"/> on all threads, compiled for the device's tier.</summary>
    private void Run<TBody>(int taskCount, TBody body)
        where TBody : struct, ITierBody
    {
        switch (Tier)
        {
            case KernelTier.Scalar:
                Run<SimdScalar, TBody>(taskCount, body);
                break;
            case KernelTier.Vector128:
                Run<Simd128, TBody>(taskCount, body);
                break;
            case KernelTier.Vector256:
                Run<Simd256, TBody>(taskCount, body);
                break;
            default:
                Run<Simd512, TBody>(taskCount, body);
                break;
        }
    }

    /// <summary>Runs <paramref name="kernel"/> on each row of a matrix of this size.</summary>
    private void ForEachRow<TKernel>(TKernel kernel, long rows, long columns)
        where TKernel : struct, IRowKernel
    {
        var blocks = WorkBlocks.OfRows(rows, columns);
        Run(blocks.TaskCount, new RowsBody<TKernel>(kernel, blocks));
    }

    private void Run<TVector, TBody>(int taskCount, TBody body)
        where TVector : unmanaged, IVector<TVector>
        where TBody : struct, ITierBody
    {
        var loop = new TierLoop<TVector, TBody>(body);
        _workers.Run(taskCount, ref loop);
    }

    private struct TierLoop<TVector, TBody>(TBody body) : IParallelBody
        where TVector : unmanaged, IVector<TVector>
        where TBody : struct, ITierBody
    {
        private TBody _body = body;

        public void Execute(int task, int worker) => _body.Execute<TVector>(task, worker);
    }
}
