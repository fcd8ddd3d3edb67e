using Transfuse.Models;

namespace Transfuse.Tests.Models;

public sealed class SequencePairBatchTests
{
    [Fact]
    public void The_decoder_reads_what_it_shall_have_written_one_token_late()
    {
        var batch = SequencePairBatch.Create([new([5, 6, 1], [10, 11, 1]), new([7, 1], [12, -100, 1])], startId: 0);
        Assert.Equal([5, 6, 1, 7, 1], batch.Source.Ids);
        Assert.Equal([0, 10, 11, 0, 12, 0], batch.Target.Ids);
        Assert.Equal([10, 11, 1, 12, -1, 1], batch.Labels);
        Assert.Equal([0, 1, 2, 0, 1, 2], batch.Target.Positions);
        Assert.All(batch.LabelWeights, weight => Assert.Equal(0.2f, weight));
    }

    [Fact]
    public void Each_task_has_a_mean_of_its_own()
    {
        SequencePair first = new([5], [8, 1]), second = new([6], [9, 9, 9, 1]), third = new([7], [-100, 2, -100, -1]);
        var batch = SequencePairBatch.CreateTasks([([first, second], 0.3), ([third], 0.7), ([], 5.0), ([new([5], [-100])], 2)], startId: 3);
        Assert.Equal(Enumerable.Repeat(0.05f, 6).Concat(Enumerable.Repeat(0.7f, 4)).Append(0), batch.LabelWeights);
        Assert.Equal(3, batch.Target.Ids[6]);
    }
}
