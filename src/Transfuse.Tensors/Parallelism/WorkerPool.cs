using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;

namespace Transfuse.Tensors.Parallelism;

/// <summary>
/// A fixed set of threads that share the tasks of one loop at a time. Tasks are claimed one by one, so a slow or busy core takes
/// fewer; what a task computes never depends on who runs it, so results do not depend on the number of threads.
/// </summary>
/// <remarks>
/// A worker joins a loop only while it is open; the caller closes it when no task is left and waits for those inside. So a worker that sleeps, or
/// that a busy neighbour keeps off its core, never holds up a loop: the caller does the work alone.
/// </remarks>
public sealed unsafe class WorkerPool : IDisposable
{
    // _state holds the number of the loop (upper half), whether it is closed, and how many workers are inside.
    private const long NextLoop = 1L << 32;
    private const long Closed = 1L << 31;
    private const long InsideMask = Closed - 1;

    // How long a thread spins before it sleeps: longer than the gap between two kernels, far shorter than a time slice.
    private static readonly long s_spinTicks = Stopwatch.Frequency / 20_000;

    private readonly Thread[] _threads;
    private readonly object _gate = new();
    private readonly object _exit = new();
    private readonly Lock _oneLoopAtATime = new();
    private readonly bool _spins;
    private delegate*<void*, int, int, void> _execute;
    private void* _body;
    private long _taskCount;
    private long _nextTask;
    private long _state = Closed;
    private int _parked;
    private bool _callerParked;
    private bool _stopping;
    private ExceptionDispatchInfo? _failure;

    /// <summary>Starts <paramref name="threads"/> − 1 background threads; the caller of a loop is the remaining one.</summary>
    /// <param name="threads">Number of threads that work on a loop, at least 1.</param>
    public WorkerPool(int threads)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        WorkerCount = threads;

        // With more threads than cores a spinning thread only keeps a working one away.
        _spins = threads <= Environment.ProcessorCount;
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
    /// <remarks>
    /// After an exception no further task is begun, and one of the exceptions is thrown again here. <paramref name="body"/> must be a local variable:
    /// it is not pinned.
    /// </remarks>
    /// <exception cref="InvalidOperationException">Called from a task of this pool.</exception>
    /// <exception cref="ObjectDisposedException">The pool was disposed.</exception>
    internal void Run<TBody>(int taskCount, ref TBody body)
        where TBody : struct, IParallelBody
    {
        ArgumentOutOfRangeException.ThrowIfNegative(taskCount);
        if (_oneLoopAtATime.IsHeldByCurrentThread || IsWorkerThread())
        {
            throw new InvalidOperationException("A task must not start another loop on the pool that runs it.");
        }

        lock (_oneLoopAtATime)
        {
            ObjectDisposedException.ThrowIf(_stopping, this);
            if (taskCount <= 1 || WorkerCount == 1)
            {
                for (var task = 0; task < taskCount; task++)
                {
                    body.Execute(task, 0);
                }

                return;
            }

            _execute = &Invoke<TBody>;
            _body = Unsafe.AsPointer(ref body);
            _taskCount = taskCount;
            _nextTask = 0;
            Open();
            ClaimTasks(0);
            Close();
            if (_failure is { } failure)
            {
                _failure = null;
                failure.Throw();
            }
        }
    }

    /// <summary>Ends the threads once a running loop is done. Disposing twice is harmless.</summary>
    public void Dispose()
    {
        lock (_oneLoopAtATime)
        {
            if (_stopping)
            {
                return;
            }

            lock (_gate)
            {
                Volatile.Write(ref _stopping, true);
                Monitor.PulseAll(_gate);
            }
        }

        foreach (var thread in _threads)
        {
            thread.Join();
        }
    }

    private static void Invoke<TBody>(void* body, int task, int worker)
        where TBody : struct, IParallelBody => Unsafe.AsRef<TBody>(body).Execute(task, worker);

    // ---- The caller's side -----------------------------------------------------------------------------------------------------

    /// <summary>Lets workers in and wakes as many sleepers as there are tasks for.</summary>
    private void Open()
    {
        // The exchange is a full fence: either this thread sees a worker in _parked, or the worker sees the loop before it sleeps.
        Interlocked.Exchange(ref _state, (_state & ~(NextLoop - 1)) + NextLoop);
        if (Volatile.Read(ref _parked) == 0)
        {
            return;
        }

        lock (_gate)
        {
            for (var wake = Math.Min(_parked, _taskCount - 1); wake > 0; wake--)
            {
                Monitor.Pulse(_gate);
            }
        }
    }

    /// <summary>Lets no more workers in and waits for those inside.</summary>
    private void Close()
    {
        if ((Interlocked.Or(ref _state, Closed) & InsideMask) == 0)
        {
            return;
        }

        var start = Stopwatch.GetTimestamp();
        while (_spins && Stopwatch.GetTimestamp() - start < s_spinTicks)
        {
            if (IsEmpty())
            {
                return;
            }

            Thread.SpinWait(8);
        }

        lock (_exit)
        {
            // As in Open: either the last worker sees that this thread sleeps, or this thread sees that it has left.
            Interlocked.Exchange(ref _callerParked, true);
            while (!IsEmpty())
            {
                Monitor.Wait(_exit);
            }

            _callerParked = false;
        }
    }

    private bool IsEmpty() => (Volatile.Read(ref _state) & InsideMask) == 0;

    private bool IsWorkerThread()
    {
        var current = Thread.CurrentThread;
        foreach (var thread in _threads)
        {
            if (ReferenceEquals(thread, current))
            {
                return true;
            }
        }

        return false;
    }

    // ---- The workers' side -----------------------------------------------------------------------------------------------------

    private void Work(int worker)
    {
        var last = 0L;
        while (TryEnter(ref last))
        {
            ClaimTasks(worker);
            if ((Interlocked.Decrement(ref _state) & (Closed | InsideMask)) == Closed && Volatile.Read(ref _callerParked))
            {
                WakeCaller();
            }
        }
    }

    private void WakeCaller()
    {
        lock (_exit)
        {
            Monitor.Pulse(_exit);
        }
    }

    /// <summary>Waits for an open loop other than <paramref name="last"/> and goes in; false when the pool is disposed.</summary>
    private bool TryEnter(ref long last)
    {
        while (!Volatile.Read(ref _stopping))
        {
            var state = Volatile.Read(ref _state);
            if (!IsOpen(state, last))
            {
                WaitForLoop(last);
            }
            else if (Interlocked.CompareExchange(ref _state, state + 1, state) == state)
            {
                last = state >> 32;
                return true;
            }
        }

        return false;
    }

    private static bool IsOpen(long state, long last) => (state & Closed) == 0 && state >> 32 != last;

    /// <summary>Returns when there is, or very recently was, an open loop other than <paramref name="last"/>, or the pool is being disposed.</summary>
    private void WaitForLoop(long last)
    {
        var start = Stopwatch.GetTimestamp();
        while (_spins && Stopwatch.GetTimestamp() - start < s_spinTicks)
        {
            if (IsOpen(Volatile.Read(ref _state), last))
            {
                return;
            }

            Thread.SpinWait(8);
        }

        lock (_gate)
        {
            Interlocked.Increment(ref _parked);
            while (!IsOpen(Volatile.Read(ref _state), last) && !_stopping)
            {
                Monitor.Wait(_gate);
            }

            Interlocked.Decrement(ref _parked);
        }
    }

    private void ClaimTasks(int worker)
    {
        try
        {
            long task;
            while ((task = Interlocked.Increment(ref _nextTask) - 1) < _taskCount)
            {
                _execute(_body, (int)task, worker);
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
}
