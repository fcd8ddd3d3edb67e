using Transfuse.Tensors.Parallelism;

namespace Transfuse.Tensors.Tests.Parallelism;

public sealed class WorkerPoolTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    [InlineData(8)]
    public void Many_tiny_loops_run_every_task_once(int threads)
    {
        using var pool = new WorkerPool(threads);
        var counts = new int[5];
        for (var loop = 0; loop < 200_000; loop++)
        {
            var body = new CountTasks(counts);
            pool.Run(2 + (loop % 4), ref body);
        }

        // Tasks 0 and 1 are in every loop, task 4 in one of four.
        Assert.Equal([200_000, 200_000, 150_000, 100_000, 50_000], counts);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(4)]
    public void Loops_after_a_pause_wake_parked_workers(int threads)
    {
        using var pool = new WorkerPool(threads);
        for (var loop = 0; loop < 20; loop++)
        {
            Thread.Sleep(2);
            using var meeting = new Barrier(threads);
            var body = new MeetEachOther(meeting);
            pool.Run(threads, ref body);
            Assert.Equal(1, meeting.CurrentPhaseNumber);
        }
    }

    [Fact]
    public void Workers_have_distinct_indices_below_the_count()
    {
        using var pool = new WorkerPool(4);
        var inside = new int[4];
        var clashes = new int[1];
        for (var loop = 0; loop < 2000; loop++)
        {
            var body = new OccupyWorker(inside, clashes);
            pool.Run(16, ref body);
        }

        Assert.Equal(0, clashes[0]);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    public void An_exception_reaches_the_caller_and_the_pool_goes_on(int threads)
    {
        using var pool = new WorkerPool(threads);
        var counts = new int[100];
        for (var loop = 0; loop < 500; loop++)
        {
            var failing = new FailAt(loop % 100);
            Assert.Equal($"task {loop % 100}", Assert.Throws<InvalidDataException>(() => pool.Run(100, ref failing)).Message);
            var body = new CountTasks(counts);
            pool.Run(100, ref body);
        }

        Assert.All(counts, count => Assert.Equal(500, count));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    public void A_loop_within_a_task_is_refused(int threads)
    {
        using var pool = new WorkerPool(threads);
        var body = new StartLoop(pool);
        Assert.Contains("task", Assert.Throws<InvalidOperationException>(() => pool.Run(8, ref body)).Message);
        Assert.Throws<InvalidOperationException>(() => pool.Run(1, ref body));
    }

    [Fact]
    public async Task Loops_of_different_callers_run_one_after_the_other()
    {
        using var pool = new WorkerPool(3);
        var inside = new int[3];
        var clashes = new int[1];
        void Caller()
        {
            for (var loop = 0; loop < 2000; loop++)
            {
                var body = new OccupyWorker(inside, clashes);
                pool.Run(1 + (loop % 6), ref body);
            }
        }

        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(Caller)));
        Assert.Equal(0, clashes[0]);
    }

    [Fact]
    public void No_tasks_and_disposing_twice_are_harmless()
    {
        var pool = new WorkerPool(3);
        var body = new CountTasks([]);
        pool.Run(0, ref body);
        pool.Dispose();
        pool.Dispose();
        Assert.Throws<ObjectDisposedException>(() => pool.Run(4, ref body));
    }

    [Fact]
    public void Pools_come_and_go()
    {
        for (var i = 0; i < 200; i++)
        {
            using var pool = new WorkerPool(1 + (i % 5));
            var counts = new int[10];
            var body = new CountTasks(counts);
            pool.Run(10, ref body);
            Assert.All(counts, count => Assert.Equal(1, count));
        }
    }

    [Fact]
    public void Bad_numbers_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new WorkerPool(0));
        using var pool = new WorkerPool(1);
        var body = new CountTasks([]);
        Assert.Throws<ArgumentOutOfRangeException>(() => pool.Run(-1, ref body));
    }

    private readonly struct CountTasks(int[] counts) : IParallelBody
    {
        public void Execute(int task, int worker) => Interlocked.Increment(ref counts[task]);
    }

    /// <summary>Every task waits for all others, so it ends only if as many threads as tasks take part.</summary>
    private readonly struct MeetEachOther(Barrier meeting) : IParallelBody
    {
        public void Execute(int task, int worker) => Assert.True(meeting.SignalAndWait(TimeSpan.FromSeconds(60)));
    }

    private readonly struct OccupyWorker(int[] inside, int[] clashes) : IParallelBody
    {
        public void Execute(int task, int worker)
        {
            if (Interlocked.Increment(ref inside[worker]) != 1)
            {
                Interlocked.Increment(ref clashes[0]);
            }

            Thread.SpinWait(5);
            Interlocked.Decrement(ref inside[worker]);
        }
    }

    private readonly struct FailAt(int failing) : IParallelBody
    {
        public void Execute(int task, int worker)
        {
            if (task == failing)
            {
                throw new InvalidDataException($"task {task}");
            }
        }
    }

    private readonly struct StartLoop(WorkerPool pool) : IParallelBody
    {
        public void Execute(int task, int worker)
        {
            var body = new CountTasks(new int[2]);
            pool.Run(2, ref body);
        }
    }
}
