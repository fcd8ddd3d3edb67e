using Transfuse.Tensors.Optimizers;

namespace Transfuse.Training;

/// <summary>How a model is trained.</summary>
public sealed record TrainingOptions
{
    /// <summary>Optimiser steps.</summary>
    public required int Steps { get; init; }

    /// <summary>Batches whose gradients are added up in one step.</summary>
    public int Accumulate { get; init; } = 1;

    /// <summary>Weight λ of the language-model term where a teacher has spoken; the teacher term weighs 1 − λ.</summary>
    public float LabelWeight { get; init; } = 1;

    /// <summary>Optimiser.</summary>
    public AdamWOptions Optimizer { get; init; } = new();

    /// <summary>Learning rate as a function of the step.</summary>
    public required LearningRateSchedule Schedule { get; init; }

    /// <summary>Largest global gradient norm; 0 does not clip.</summary>
    public float ClipNorm { get; init; } = 1;

    /// <summary>Steps between lines of metrics.</summary>
    public int LogEvery { get; init; } = 10;

    /// <summary>Steps between checkpoints; 0 for none.</summary>
    public int CheckpointEvery { get; init; } = 200;

    /// <summary>Steps between validations; 0 for none.</summary>
    public int ValidateEvery { get; init; }

    /// <summary>Validations without a better loss after which training stops and the best weights are taken; 0 never stops.</summary>
    public int Patience { get; init; }

    /// <summary>Compute the insides of blocks again in the backward pass instead of keeping them.</summary>
    public bool Recompute { get; init; }
}
