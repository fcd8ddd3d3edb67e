using Transfuse.Models;
using Transfuse.Training;

namespace Transfuse.Tests.Training;

public sealed class PreparedBatchesTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public void Batches_come_in_order()
    {
        using var batches = new PreparedBatches(new Source(index => index), 3, 8, 2);
        Assert.Equal([3, 4, 5, 6, 7], Enumerable.Range(0, 5).Select(_ => batches.Take(default).Labels[0]));
        Assert.Throws<InvalidOperationException>(() => batches.Take(default));
    }

    [Fact]
    public void The_next_batch_is_made_while_one_is_in_use()
    {
        using var madeSecond = new ManualResetEventSlim();
        using var batches = new PreparedBatches(
            new Source(index =>
            {
                if (index == 1)
                {
                    madeSecond.Set();
                }

                return index;
            }),
            0, 2, 1);
        Assert.Equal(0, batches.Take(default).Labels[0]);
        Assert.True(madeSecond.Wait(Patience), "nobody made the second batch before it was asked for");
    }

    [Fact]
    public void What_the_source_throws_comes_where_the_batch_would()
    {
        using var batches = new PreparedBatches(new Source(index => index < 2 ? index : throw new FormatException("bad document")), 0, 9, 3);
        batches.Take(default);
        batches.Take(default);
        Assert.Equal("bad document", Assert.Throws<FormatException>(() => batches.Take(default)).Message);
    }

    [Fact]
    public void Disposing_leaves_the_source_alone_and_gives_batches_back()
    {
        var source = new Source(index => index);
        var batches = new PreparedBatches(source, 0, long.MaxValue, 2);
        batches.Take(default);
        batches.Dispose();
        var made = source.Made;
        Assert.InRange(made, 1, 5);
        Assert.InRange(source.Returned, 0, 2);
        Assert.Equal(made, source.Made);
    }

    private sealed class Source(Func<long, long> label) : IBatchSource
    {
        internal int Made { get; private set; }

        internal int Returned { get; private set; }

        public TrainingBatch Get(long index)
        {
            Made++;
            return new TrainingBatch(TokenBatch.FromLengths([1], [1]), [(int)label(index)]);
        }

        public void Return(TrainingBatch batch) => Returned++;
    }
}
