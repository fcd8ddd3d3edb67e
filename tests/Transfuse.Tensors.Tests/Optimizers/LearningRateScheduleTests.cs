using Transfuse.Tensors.Optimizers;

namespace Transfuse.Tensors.Tests.Optimizers;

public sealed class LearningRateScheduleTests
{
    [Theory]
    [InlineData(ScheduleKind.Constant, 1, 0.5)]
    [InlineData(ScheduleKind.Constant, 2, 1)]
    [InlineData(ScheduleKind.Constant, 10, 1)]
    [InlineData(ScheduleKind.Linear, 1, 0.5)]
    [InlineData(ScheduleKind.Linear, 2, 1)]
    [InlineData(ScheduleKind.Linear, 6, 0.6)]
    [InlineData(ScheduleKind.Linear, 10, 0.2)]
    [InlineData(ScheduleKind.Linear, 11, 0.2)]
    [InlineData(ScheduleKind.Cosine, 2, 1)]
    [InlineData(ScheduleKind.Cosine, 6, 0.6)]
    [InlineData(ScheduleKind.Cosine, 10, 0.2)]
    [InlineData(ScheduleKind.Cosine, 1000, 0.2)]
    public void Warm_up_starts_above_zero_and_the_last_step_is_at_the_floor(ScheduleKind kind, int step, double expected)
    {
        var schedule = new LearningRateSchedule { Kind = kind, Peak = 3, Steps = 10, WarmupSteps = 2, Floor = 0.2 };
        Assert.Equal(3 * expected, schedule.At(step), 1e-12);
    }

    [Fact]
    public void Warm_up_as_long_as_the_run_ends_at_the_peak()
    {
        var schedule = new LearningRateSchedule { Peak = 1, Steps = 4, WarmupSteps = 4 };
        Assert.Equal([0.25, 0.5, 0.75, 1], Enumerable.Range(1, 4).Select(schedule.At));
    }

    [Fact]
    public void Steps_are_counted_from_one() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new LearningRateSchedule { Peak = 1, Steps = 4 }.At(0));
}
