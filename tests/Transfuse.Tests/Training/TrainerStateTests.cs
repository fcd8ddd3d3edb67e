using Transfuse.Training;

namespace Transfuse.Tests.Training;

public sealed class TrainerStateTests
{
    [Fact]
    public void The_best_loss_is_kept_with_its_step()
    {
        var state = (TrainerState.Initial with { Step = 10 }).AfterValidation(2.0, patience: 2);
        Assert.True(state.IsBest);

        state = (state with { Step = 20 }).AfterValidation(2.5, patience: 2);
        Assert.Equal((10, 2.0, 1, false), (state.BestStep, state.BestLoss, state.Stale, state.Stopped));
        Assert.False(state.IsBest);

        state = (state with { Step = 30 }).AfterValidation(1.5, patience: 2);
        Assert.Equal((30, 1.5, 0, false), (state.BestStep, state.BestLoss, state.Stale, state.Stopped));
    }

    [Fact]
    public void Training_stops_when_patience_runs_out()
    {
        var state = (TrainerState.Initial with { Step = 1 }).AfterValidation(1, patience: 2);
        state = (state with { Step = 2 }).AfterValidation(1, patience: 2);
        Assert.False(state.Stopped);

        Assert.True((state with { Step = 3 }).AfterValidation(1, patience: 2).Stopped);
    }

    [Fact]
    public void Without_patience_it_never_stops()
    {
        var state = TrainerState.Initial;
        for (var step = 1; step < 50; step++)
        {
            state = (state with { Step = step }).AfterValidation(step, patience: 0);
        }

        Assert.False(state.Stopped);
        Assert.Equal(1, state.BestStep);
    }
}
