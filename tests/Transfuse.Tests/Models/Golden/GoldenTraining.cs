using Transfuse.Models;
using Transfuse.Tensors;
using Transfuse.Tensors.Autograd;
using Transfuse.Tensors.Devices;

namespace Transfuse.Tests.Models.Golden;

/// <summary>Losses and gradients of a model as the goldens define them.</summary>
internal static class GoldenTraining
{
    /// <summary>Mean cross entropy over all tokens that have a next one with a label; leaves the gradients in the parameters.</summary>
    /// <param name="model"></param>
    /// <param name="device"></param>
    /// <param name="batch"></param>
    /// <param name="labels">Per token as in PyTorch: −100 where the token is not to be predicted.</param>
    /// <param name="recompute"></param>
    internal static double LossAndGradients(LanguageModel model, Device device, TokenBatch batch, int[] labels, bool recompute = false)
    {
        foreach (var parameter in model.Parameters)
        {
            parameter.ZeroGradient(device);
        }

        var next = new int[batch.Count];
        Array.Fill(next, -1);
        foreach (var segment in batch.Segments)
        {
            for (var i = segment.QueryStart; i < segment.QueryStart + segment.QueryCount - 1; i++)
            {
                next[i] = labels[i + 1] < 0 ? -1 : labels[i + 1];
            }
        }

        var weight = 1f / next.Count(label => label >= 0);
        var weights = Array.ConvertAll(next, label => label >= 0 ? weight : 0);
        using var tape = new Tape(device, recordGradients: true, recompute);
        var hidden = model.Forward(tape, batch);
        var losses = tape.LinearCrossEntropy(hidden, model.HeadWeight, model.HeadOptions, next, weights);
        tape.Backward();
        var sum = 0.0;
        foreach (var loss in losses.LabelLosses.Span)
        {
            sum += loss;
        }

        return sum / next.Count(label => label >= 0);
    }

    /// <summary>A copy of the values, or the gradients, of every file tensor of the model.</summary>
    internal static Dictionary<string, float[]> ByFileName(LanguageModel model, Func<Parameter, Tensor> select)
    {
        var result = new Dictionary<string, float[]>(StringComparer.Ordinal);
        foreach (var (spec, parameter) in PretrainedModel.WeightsOf(model.Config).Specs.Zip(model.Parameters))
        {
            spec.ForEachPart(select(parameter), (part, rows) =>
            {
                var values = new List<float>();
                part.Pour(rows, span => values.AddRange(span));
                result.Add(part.FileName, [.. values]);
            });
        }

        return result;
    }

    /// <summary>The full name in the file of a parameter as PyTorch names it: GPT-NeoX's head goes by two names.</summary>
    internal static string FileName(LanguageModel model, string parameter) =>
        string.Equals(parameter, "lm_head.weight", StringComparison.Ordinal) ? PretrainedModel.WeightsOf(model.Config).HeadName : parameter;
}
