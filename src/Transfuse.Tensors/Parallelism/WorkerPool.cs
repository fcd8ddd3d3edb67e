using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;

namespace Transfuse.Tensors.Parallelism;

/// <summary>
/// A fixed set of threads that share the tasks of one loop at a time. Tasks are claimed one by one, so a slow or busy core takes
/// fewer; what a task computes never depends on who runs it, so results do not depend on the number of threads.
/// </summary>
public sealed unsafe class WorkerPool : IDisposable
{
    // A waiting worker spins about this long before it parks: longer than the gap between two kernels, far shorter than a time slice,
    // so that a neighbour on the same core is not starved.
    private const int SpinsBeforeParking = 2000;

    private readonly Thread[] _threads;
    private readonly SemaphoreSlim _work = new(0);
    private readonly ManualResetEventSlim _done = new(false);
    private readonly Lock _oneLoopAtATime = new();
    private delegate*<void*, int, int, void> _execute;
    private void* _body;
    private int _taskCount;
    private int _nextTask;
    private int _pendingWorkers;
    private int _generation;
    private int _parked;
    private volatile bool _stopping;
    private ExceptionDispatchInfo? _failure;

    /// <summary>Starts <paramref name="threads"/> − 1 background threads; the caller of a loop is the remaining one.</summary>
    /// <param name="threads">Number of threads that work on a loop, at least 1.</param>
    public WorkerPool(int threads)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        WorkerCount = threads;
        _threads = new Thread[threads - 1];
        for (var i = 0; i < _threads.Length; i++)
        {
            var worker = i + 1;
            _threads[i] = new Thread(() => Work(worker)) { IsBackground = true, Name = $"transfuse-worker-{worker}" };
            _threads[i].Start();
        }
    }

    /// <summary>Number of threads that work on a loop, the caller included.</summary>
    public int WorkerCount { get; }

    /// <summary>Runs every task once and returns when all are done. Loops of different callers run one after the other.</summary>
    /// <remarks>A task must not start another loop on the same pool. The first exception of a task is thrown again here.</remarks>
    internal void Run<TBody>(int taskCount, ref TBody body)
        where TBody : struct, IParallelBody
    {
        if (taskCount <= 1 || WorkerCount == 1)
        {
            for (var task = 0; task < taskCount; task++)
            {
                body.Execute(task, 0);
            }

            return;
        }

        lock (_oneLoopAtATime)
        {
            _execute = &Invoke<TBody>;
            _body = Unsafe.AsPointer(ref body);
            _taskCount = taskCount;
            _failure = null;
            Volatile.Write(ref _nextTask, 0);
            _done.Reset();
            Volatile.Write(ref _pendingWorkers, _threads.Length);
            Interlocked.Increment(ref _generation);
            WakeParked();
            ClaimTasks(0);
            WaitForOthers();
            _failure?.Throw();
        }
    }

    /// <summary>Ends the threads. No loop may be running.</summary>
    public void Dispose()
    {
        _stopping = true;
        Interlocked.Increment(ref _generation);
        _work.Release(Math.Max(1, _threads.Length));
        foreach (var thread in _threads)
        {
            thread.Join();
        }

        _work.Dispose();
        _done.Dispose();
    }

    private static void Invoke<TBody>(void* body, int task, int worker)
        where TBody : struct, IParallelBody => Unsafe.AsRef<TBody>(body).Execute(task, worker);

    private void Work(int worker)
    {
        var seen = 0;
        while (true)
        {
            seen = WaitForGeneration(seen);
            if (_stopping)
            {
                return;
            }

            ClaimTasks(worker);
            if (Interlocked.Decrement(ref _pendingWorkers) == 0)
            {
                _done.Set();
            }
        }
    }

    private int WaitForGeneration(int seen)
    {
        for (var spin = 0; spin < SpinsBeforeParking; spin++)
        {
            var generation = Volatile.Read(ref _generation);
            if (generation != seen)
            {
                return generation;
            }

            Thread.SpinWait(8);
        }

        Interlocked.Increment(ref _parked);
        while (Volatile.Read(ref _generation) == seen)
        {
            _work.Wait();
        }

        Interlocked.Decrement(ref _parked);
        return Volatile.Read(ref _generation);
    }

    private void WakeParked()
    {
        var parked = Volatile.Read(ref _parked);
        if (parked > 0)
        {
            _work.Release(parked);
        }
    }

    private void ClaimTasks(int worker)
    {
        try
        {
            int task;
            while ((task = Interlocked.Increment(ref _nextTask) - 1) < _taskCount)
            {
                _execute(_body, task, worker);
            }
        }
#pragma warning disable CA1031 // rethrown on the caller's thread
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Interlocked.CompareExchange(ref _failure, ExceptionDispatchInfo.Capture(exception), null);
            Volatile.Write(ref _nextTask, _taskCount);
        }
    }

    private void WaitForOthers()
    {
        for (var spin = 0; spin < SpinsBeforeParking; spin++)
        {
            if (Volatile.Read(ref _pendingWorkers) == 0)
            {
                return;
            }

            Thread.SpinWait(8);
        }

        _done.Wait();
    }
}
