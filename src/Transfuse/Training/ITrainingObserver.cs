namespace Transfuse.Training;

/// <summary>Listens to a training loop: where metrics go, checkpoints lie and validation text comes from is not the loop's business.</summary>
public interface ITrainingObserver
{
    /// <summary>Called after every step.</summary>
    /// <param name="state">State after the step.</param>
    /// <param name="result">What the step found.</param>
    /// <param name="learningRate">Learning rate of the step.</param>
    /// <param name="validationLoss">Validation loss, where this step was validated.</param>
    void Step(TrainerState state, StepResult result, double learningRate, double? validationLoss);

    /// <summary>The loss of the held-out text, lower is better; called every <see cref="TrainingOptions.ValidateEvery"/> steps and after the last.</summary>
    double Validate(Trainer trainer);

    /// <summary>Asks for a checkpoint.</summary>
    void Checkpoint(Trainer trainer);
}
