namespace Transfuse.Tensors.Optimizers;

/// <summary>Learning rate as a function of the step: linear warm-up to the peak, then a fall to <see cref="Floor"/>·<see cref="Peak"/>.</summary>
/// <remarks>
/// The first step already moves: during warm-up step s (from 1) has the rate Peak·s/<see cref="WarmupSteps"/>, so step W has the peak. Hugging Face
/// <c>get_*_schedule_with_warmup(W, S)</c> use λ(t) with t counted from 0: their first step has the rate 0, and their step t is our step
/// s = t, so <c>At(s) = Peak·λ(s)</c>: the same curve, started one step later on it, which reaches the floor exactly at the last step S instead of
/// just after it. A floor is the <c>min_lr_rate</c> of <c>cosine_with_min_lr</c>.
/// </remarks>
public sealed record LearningRateSchedule
{
    /// <summary>Form of the fall.</summary>
    public ScheduleKind Kind { get; init; } = ScheduleKind.Cosine;

    /// <summary>Highest learning rate.</summary>
    public required double Peak { get; init; }

    /// <summary>Steps of the whole run.</summary>
    public required int Steps { get; init; }

    /// <summary>Steps of warm-up.</summary>
    public int WarmupSteps { get; init; }

    /// <summary>Learning rate at the end, as a fraction of the peak.</summary>
    public double Floor { get; init; }

    /// <summary>Learning rate of a step, counted from 1. Past the last step it stays at its value there.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The step is below 1.</exception>
    public double At(int step)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(step, 1);
        if (step < WarmupSteps)
        {
            return Peak * step / WarmupSteps;
        }

        if (Kind == ScheduleKind.Constant)
        {
            return Peak;
        }

        var progress = Math.Min(1, (double)(step - WarmupSteps) / Math.Max(1, Steps - WarmupSteps));
        var factor = Kind == ScheduleKind.Linear ? 1 - progress : 0.5 * (1 + Math.Cos(Math.PI * progress));
        return Peak * (Floor + ((1 - Floor) * factor));
    }
}
