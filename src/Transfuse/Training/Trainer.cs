using Transfuse.Models;
using Transfuse.Tensors.Devices;
using Transfuse.Tensors.Optimizers;

namespace Transfuse.Training;

/// <summary>The training loop: one for language modelling, fusion and distillation; what differs is in the batches.</summary>
/// <remarks>
/// The same options, batches and weights give the same bits, interrupted or not. The loop is in reading order: batches, gradients,
/// clipping, update, metrics, validation, checkpoint.
/// </remarks>
public sealed class Trainer : IDisposable
{
    private readonly Device _device;
    private readonly LanguageModel _model;
    private readonly IBatchSource _batches;
    private readonly TrainingOptions _options;
    private readonly AdamWOptimizer _optimizer;
    private readonly TrainingStep _step;
    private readonly BestWeights _best;
    private readonly TrainingBatch[] _batchesOfStep;

    /// <summary>Prepares training of <paramref name="model"/> from its present weights.</summary>
    /// <param name="device">Where it runs.</param>
    /// <param name="model">Trained in place; not disposed here.</param>
    /// <param name="batches">What it learns from.</param>
    /// <param name="options">How.</param>
    public Trainer(Device device, LanguageModel model, IBatchSource batches, TrainingOptions options)
    {
        ArgumentNullException.ThrowIfNull(device);
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(batches);
        ArgumentNullException.ThrowIfNull(options);
        _device = device;
        _model = model;
        _batches = batches;
        _options = options;
        _optimizer = new AdamWOptimizer(device, model.TrainedParameters, options.Optimizer);
        _step = new TrainingStep(device, model, options);
        _best = new BestWeights(model);
        _batchesOfStep = new TrainingBatch[options.Accumulate];
    }

    /// <summary>Where the run stands.</summary>
    public TrainerState State { get; private set; } = TrainerState.Initial;

    /// <summary>How often a step of <see cref="Run"/> found its batch not ready; more than once or twice says that batches are made too slowly.</summary>
    public int WaitsForBatches { get; private set; }

    /// <summary>Whether there is nothing left to do.</summary>
    public bool IsDone => State.Stopped || State.Step >= _options.Steps;

    /// <summary>Continues from a checkpoint that <see cref="Save"/> wrote with the same model and options.</summary>
    /// <exception cref="Errors.ArtifactException">It is damaged or of another run.</exception>
    public void Restore(string folder)
    {
        State = TrainingCheckpoint.Load(folder, _model, _optimizer, _best);
    }

    /// <summary>Writes everything that <see cref="Restore"/> needs into <paramref name="folder"/>, which must be new; it appears complete or not at all.</summary>
    public void Save(string folder) => TrainingCheckpoint.Save(folder, _model, _optimizer, _best, State);

    /// <summary>Trains until the last step, until patience runs out, or until cancelled (after finishing and saving the step).</summary>
    /// <param name="observer">Told of every step; writes metrics and checkpoints.</param>
    /// <param name="cancellationToken">Ends training between two steps.</param>
    /// <exception cref="OperationCanceledException">Cancelled; the observer was asked for a checkpoint first.</exception>
    /// <exception cref="Errors.CheckFailedException">The loss or the gradient is not a number.</exception>
    public void Run(ITrainingObserver observer, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(observer);
        using var batches = new PreparedBatches(
            _batches, (long)State.Step * _options.Accumulate, (long)_options.Steps * _options.Accumulate, _options.Accumulate);
        while (!IsDone)
        {
            if (cancellationToken.IsCancellationRequested)
            {
                observer.Checkpoint(this);
                cancellationToken.ThrowIfCancellationRequested();
            }

            RunStep(observer, batches);
        }

        _best.Restore();
    }

    /// <summary>Releases the optimiser's memory; the model keeps its weights.</summary>
    public void Dispose()
    {
        _optimizer.Dispose();
        _best.Dispose();
    }

    private void RunStep(ITrainingObserver observer, PreparedBatches prepared)
    {
        var step = State.Step + 1;
        for (var i = 0; i < _batchesOfStep.Length; i++)
        {
            _batchesOfStep[i] = prepared.Take(CancellationToken.None);
        }

        var result = _step.Run(_batchesOfStep, step);
        foreach (var batch in _batchesOfStep)
        {
            _batches.Return(batch);
        }

        WaitsForBatches = prepared.Waits;
        var norm = GradientClipping.GlobalNorm(_device, _model.TrainedParameters);
        var learningRate = _options.Schedule.At(step);
        _optimizer.Step(learningRate, GradientClipping.ScaleFor(norm, _options.ClipNorm));
        State = State with { Step = step, PredictedTokens = State.PredictedTokens + result.PredictedTokens };

        var due = step == _options.Steps;
        double? validation = null;
        if (_options.ValidateEvery > 0 && (due || step % _options.ValidateEvery == 0))
        {
            validation = observer.Validate(this);
            State = State.AfterValidation(validation.Value, _options.Patience);
            if (State.IsBest && _options.Patience > 0)
            {
                _best.Keep();
            }
        }

        observer.Step(State, result with { GradientNorm = norm }, learningRate, validation);
        if (_options.CheckpointEvery > 0 && !IsDone && step % _options.CheckpointEvery == 0)
        {
            observer.Checkpoint(this);
        }
    }
}
