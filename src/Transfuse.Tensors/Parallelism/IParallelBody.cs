namespace Transfuse.Tensors.Parallelism;

/// <summary>The work of one parallel loop, as a struct so that starting the loop allocates nothing.</summary>
internal interface IParallelBody
{
    /// <summary>Does task <paramref name="task"/> of the loop.</summary>
    /// <param name="task">Index of the task. What a task computes depends on it alone, never on the worker.</param>
    /// <param name="worker">Index of the thread, below <see cref="WorkerPool.WorkerCount"/>: selects scratch memory only.</param>
    void Execute(int task, int worker);
}
