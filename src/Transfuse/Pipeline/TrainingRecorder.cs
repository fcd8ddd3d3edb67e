using System.Globalization;
using Transfuse.Corpora;
using Transfuse.Diagnostics;
using Transfuse.Evaluation;
using Transfuse.Models;
using Transfuse.Recipes;
using Transfuse.Tokenization;
using Transfuse.Training;

namespace Transfuse.Pipeline;

/// <summary>Keeps what a training stage of a run leaves behind: metrics, checkpoints, progress; and measures it on held-out text.</summary>
internal sealed class TrainingRecorder : ITrainingObserver
{
    private const string CheckpointFolder = "checkpoints";
    private const string CheckpointPrefix = "step-";

    private readonly StageContext _context;
    private readonly string _stage;
    private readonly string _folder;
    private readonly TrainSection _section;
    private readonly IReadOnlyList<Document> _validation;
    private readonly BitsPerByte _bitsPerByte;
    private long _started;
    private long _startedTokens;

    internal TrainingRecorder(
        StageContext context, string stage, string folder, TrainSection section, IReadOnlyList<Document> validation, Tokenizer tokenizer, LanguageModel model)
    {
        _context = context;
        _stage = stage;
        _folder = folder;
        _section = section;
        _validation = validation;
        _bitsPerByte = new BitsPerByte(context.Device, model, tokenizer, new BitsPerByteOptions());
    }

    /// <summary>Takes <paramref name="trainer"/> to the newest checkpoint of an interrupted attempt, and the metrics back to that step.</summary>
    internal void Resume(Trainer trainer)
    {
        if (NewestCheckpoint(_folder) is { } checkpoint)
        {
            trainer.Restore(checkpoint);
        }

        _context.Metrics.Rewind(_stage, trainer.State.Step);
        _started = _context.Time.GetTimestamp();
        _startedTokens = trainer.State.PredictedTokens;
    }

    public void Step(TrainerState state, StepResult result, double learningRate, double? validationLoss)
    {
        if (validationLoss is not null || state.Step % _section.LogEvery == 0 || state.Step == _section.Steps || state.Stopped)
        {
            _context.Metrics.Append(new MetricsLine(_stage, state.Step, [.. Values(state, result, learningRate, validationLoss)]));
        }

        var elapsed = _context.Time.GetElapsedTime(_started).TotalSeconds;
        var rate = elapsed > 0 ? (state.PredictedTokens - _startedTokens) / elapsed : 0;
        var parts = result.TeacherLoss is { } teacher
            ? string.Create(CultureInfo.InvariantCulture, $"loss {result.Loss:F4} (lm {result.LabelLoss:F3} · fuse {teacher:F3})")
            : string.Create(CultureInfo.InvariantCulture, $"loss {result.Loss:F4}");
        var detail = string.Create(CultureInfo.InvariantCulture, $"{parts}  lr {learningRate:0.0e-0}  gnorm {result.GradientNorm:F2}  {rate:F0} tok/s");
        _context.Progress.Report(new ProgressEvent(_stage, state.Stopped ? _section.Steps : state.Step, _section.Steps, "steps", detail));
    }

    public double Validate(Trainer trainer) => _bitsPerByte.Measure(_validation, null, _context.CancellationToken).BitsPerByte;

    public void Checkpoint(Trainer trainer)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"{CheckpointPrefix}{trainer.State.Step:D8}");
        var folder = Path.Combine(_folder, CheckpointFolder, name);
        if (Directory.Exists(folder))
        {
            return;
        }

        trainer.Save(folder);
        foreach (var older in Directory.GetDirectories(Path.Combine(_folder, CheckpointFolder)).Where(other => !string.Equals(other, folder, StringComparison.Ordinal)))
        {
            Directory.Delete(older, recursive: true);
        }

        RunStatus.Write(_context.Run, RunState.Running, _stage, _context.Time);
    }


    /// <summary>Removes all checkpoints of a finished stage.</summary>
    internal static void RemoveCheckpoints(string folder)
    {
        var checkpoints = Path.Combine(folder, CheckpointFolder);
        if (Directory.Exists(checkpoints))
        {
            Directory.Delete(checkpoints, recursive: true);
        }
    }

    private static string? NewestCheckpoint(string folder)
    {
        var checkpoints = Path.Combine(folder, CheckpointFolder);
        return !Directory.Exists(checkpoints)
            ? null
            : Directory.GetDirectories(checkpoints, CheckpointPrefix + "*")
                .Where(path => !path.EndsWith(Artifacts.AtomicFile.PartialSuffix, StringComparison.Ordinal))
                .Max(StringComparer.Ordinal);
    }

    private static IEnumerable<KeyValuePair<string, double>> Values(TrainerState state, StepResult result, double learningRate, double? validationLoss)
    {
        yield return new("loss", result.Loss);
        yield return new("label_loss", result.LabelLoss);
        if (result.TeacherLoss is { } teacher)
        {
            yield return new("teacher_loss", teacher);
        }

        yield return new("learning_rate", learningRate);
        yield return new("gradient_norm", result.GradientNorm);
        yield return new("tokens", state.PredictedTokens);
        if (validationLoss is { } validation)
        {
            yield return new("validation_bits_per_byte", validation);
        }
    }
}
