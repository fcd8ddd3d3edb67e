namespace Transfuse.Tensors.Optimizers;

/// <summary>Learning rate as a function of the step: linear warm-up to the peak, then a fall to <see cref="Floor"/> at the last step.</summary>
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

    /// <summary>Learning rate of a step, counted from 1.</summary>
    public double At(int step) => throw new NotImplementedException();
}
