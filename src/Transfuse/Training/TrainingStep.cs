using Transfuse.Errors;
using Transfuse.Models;
using Transfuse.Tensors.Autograd;
using Transfuse.Tensors.Devices;

namespace Transfuse.Training;

/// <summary>The forward and backward passes of one optimiser step: gradients are left in the model's parameters.</summary>
/// <remarks>
/// L = Σᵢ (λᵢ·(−log q(xᵢ₊₁)) + (1 − λᵢ)·teacher term) / N over the N predicted tokens of all batches of the step, λᵢ = λ where a teacher has
/// spoken and 1 elsewhere (FuseLLM eq. 6, with the next token standing in for a missing teacher).
/// </remarks>
internal sealed class TrainingStep
{
    private readonly Device _device;
    private readonly LanguageModel _model;
    private readonly TrainingOptions _options;
    private float[] _labelWeights = [];
    private float[] _teacherWeights = [];
    private float[] _labelLosses = [];
    private float[] _teacherLosses = [];

    internal TrainingStep(Device device, LanguageModel model, TrainingOptions options)
    {
        _device = device;
        _model = model;
        _options = options;
    }

    /// <summary>Adds up the gradients of <paramref name="batches"/>.</summary>
    /// <exception cref="CheckFailedException">A loss is not a number; the message names batch and row.</exception>
    internal StepResult Run(IReadOnlyList<TrainingBatch> batches, int step)
    {
        foreach (var parameter in _model.TrainedParameters)
        {
            parameter.ReleaseGradient();
        }

        var predicted = 0;
        for (var i = 0; i < batches.Count; i++)
        {
            predicted += batches[i].PredictedTokens;
        }

        if (predicted == 0)
        {
            throw new CheckFailedException($"Step {step} has no token to predict: every document of its batches is one token long.");
        }

        var sums = default(LossSums);
        for (var i = 0; i < batches.Count; i++)
        {
            sums += RunBatch(batches[i], predicted, step);
        }

        foreach (var parameter in _model.TrainedParameters)
        {
            if (parameter.Gradient is null)
            {
                // Nothing flowed into it, and yet it decays.
                parameter.ZeroGradient(_device);
            }
        }

        double? teacher = sums.TeacherRows == 0 ? null : sums.Teacher / sums.TeacherRows;
        return new StepResult(sums.Total / predicted, sums.Label / predicted, teacher, 0, predicted);
    }

    private LossSums RunBatch(TrainingBatch batch, int predicted, int step)
    {
        var rows = batch.Labels.Length;
        var labelWeights = Room(ref _labelWeights, rows);
        var teacher = Weigh(batch, predicted, labelWeights.Span);
        using var tape = new Tape(_device, recordGradients: true, _options.Recompute);
        var hidden = _model.Forward(tape, batch.Tokens);
        var losses = tape.LinearCrossEntropy(hidden, _model.HeadWeight, _model.HeadOptions, batch.Labels, labelWeights, teacher,
            Room(ref _labelLosses, rows), teacher is null ? default : Room(ref _teacherLosses, rows));
        var sums = Sum(batch, losses.LabelLosses.Span, losses.TeacherLosses.Span, step);
        tape.Backward();
        return sums;
    }

    private SparseTargets? Weigh(TrainingBatch batch, int predicted, Span<float> labelWeights)
    {
        var perToken = 1f / predicted;
        if (batch.Teacher is not { } teacher)
        {
            labelWeights.Fill(perToken);
            return null;
        }

        var room = Room(ref _teacherWeights, labelWeights.Length);
        var weights = room.Span;
        for (var row = 0; row < weights.Length; row++)
        {
            var spoken = teacher.Weights.Span[row];
            labelWeights[row] = perToken * (1 - (spoken * (1 - _options.LabelWeight)));
            weights[row] = perToken * spoken * (1 - _options.LabelWeight);
        }

        return new SparseTargets
        {
            RowStarts = teacher.RowStarts,
            Ids = teacher.Ids,
            Probabilities = teacher.Probabilities,
            RestMass = teacher.RestMass,
            Weights = room,
        };
    }

    // The same array from step to step: a step allocates next to nothing.
    private static Memory<float> Room(ref float[] values, int count)
    {
        if (values.Length < count)
        {
            values = new float[count];
        }

        return values.AsMemory(0, count);
    }

    private LossSums Sum(TrainingBatch batch, ReadOnlySpan<float> labelLosses, ReadOnlySpan<float> teacherLosses, int step)
    {
        var sums = default(LossSums);
        for (var row = 0; row < batch.Labels.Length; row++)
        {
            var spoken = batch.Teacher?.Weights.Span[row] ?? 0;
            var label = batch.Labels[row] < 0 ? 0 : labelLosses[row];
            var teacher = spoken > 0 ? teacherLosses[row] : 0;
            if (!float.IsFinite(label + teacher))
            {
                throw new CheckFailedException(
                    $"Training diverged in step {step}: the loss of row {row} (token {batch.Tokens.Ids[row]}) is not a number. Lower the learning rate or the clipping norm.");
            }

            var teacherShare = spoken * (1 - _options.LabelWeight);
            sums.Label += label;
            sums.Teacher += teacher;
            sums.TeacherRows += spoken > 0 ? 1 : 0;
            sums.Total += ((1 - teacherShare) * label) + (teacherShare * teacher);
        }

        return sums;
    }

    private record struct LossSums(double Total, double Label, double Teacher, int TeacherRows)
    {
        public static LossSums operator +(LossSums a, LossSums b) =>
            new(a.Total + b.Total, a.Label + b.Label, a.Teacher + b.Teacher, a.TeacherRows + b.TeacherRows);
    }
}
