using Transfuse.Tensors.Simd;

namespace Transfuse.Tensors.Devices.Cpu;

/// <summary>The work of one parallel loop, written once for the vectors of every kernel tier.</summary>
internal interface ITierBody
{
    /// <summary>Does task <paramref name="task"/> of the loop with vectors of type <typeparamref name="TVector"/>.</summary>
    /// <param name="task">Index of the task. What a task computes depends on it alone, never on the worker.</param>
    /// <param name="worker">Index of the thread: selects scratch memory only.</param>
    void Execute<TVector>(int task, int worker)
        where TVector : unmanaged, IVector<TVector>;
}
