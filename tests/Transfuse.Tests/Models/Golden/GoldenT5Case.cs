using System.Text.Json;
using Transfuse.Models;
using Transfuse.Tensors;
using Transfuse.Tensors.Autograd;
using Transfuse.Tensors.Devices;
using Xunit.Abstractions;

namespace Transfuse.Tests.Models.Golden;

/// <summary>One folder of an encoder-decoder model, whose padded arrays [rows, length] it reads as texts without padding.</summary>
internal sealed class GoldenT5Case(string name, ITestOutputHelper output) : IDisposable
{
    internal const string Area = "models-t5";
    private readonly GoldenModelCase _case = new(name, output, Area);

    internal GoldenModelCase Case => _case;

    internal string Folder => _case.Folder;

    internal JsonElement Json => _case.Json;

    /// <summary>Rows of an array [rows, length].</summary>
    internal int[][] Rows(string array)
    {
        var length = (int)_case.Dimensions(array)[1];
        return [.. _case.Integers(array).Chunk(length)];
    }

    /// <summary>Indices of the tokens that are no padding, within all rows laid end to end.</summary>
    internal int[] Real(string prefix = "")
    {
        var mask = _case.Integers($"{prefix}attention_mask");
        return [.. Enumerable.Range(0, mask.Length).Where(i => mask[i] != 0)];
    }

    /// <summary>The sources without padding, and the targets.</summary>
    internal SequencePair[] Pairs(string prefix = "")
    {
        var sources = Rows($"{prefix}input_ids").Zip(
            Rows($"{prefix}attention_mask"), (ids, mask) => ids.Where((_, i) => mask[i] != 0).ToArray());
        return [.. sources.Zip(Rows($"{prefix}labels"), (source, target) => new SequencePair(source, target))];
    }

    /// <summary>Rows of a float array at the given indices.</summary>
    internal float[] RealsAt(string array, int[] rows)
    {
        var width = (int)_case.Dimensions(array)[^1];
        var values = _case.Reals(array);
        return [.. rows.SelectMany(row => values[(row * width)..((row + 1) * width)])];
    }

    /// <summary>Loss and gradients of a batch, the latter left in the parameters.</summary>
    internal static double LossAndGradients(EncoderDecoderModel model, Device device, SequencePairBatch batch, bool recompute = false)
    {
        foreach (var parameter in model.Parameters)
        {
            parameter.ZeroGradient(device);
        }

        using var tape = new Tape(device, recordGradients: true, recompute);
        var loss = batch.Loss(tape, model);
        tape.Backward();
        return loss;
    }

    /// <summary>Compares the gradients of all parameters, by the names of the file.</summary>
    internal void CompareGradients(EncoderDecoderModel model)
    {
        var compared = 0;
        foreach (var (spec, parameter) in PretrainedModel.WeightsOf(model.Config).Specs.Zip(model.Parameters))
        {
            spec.ForEachPart(parameter.Gradient!, (part, rows) =>
            {
                var array = $"grad|{part.FileName}";
                _case.Compare(array, _case.Reals(array), rows.AsSpan(), _case.Tolerance("grad_abs"));
                compared++;
            });
        }

        Assert.Equal(compared, _case.ArrayNames.Count(array => array.StartsWith("grad|", StringComparison.Ordinal)));
    }

    internal static float[] Logits(EncoderDecoderModel model, Device device, Tensor hidden)
    {
        using var logits = device.Allocate(new Shape(hidden.Rows, model.VocabularySize));
        device.MatMul(MatMulLayout.NT, hidden, model.HeadWeight.Value, logits);
        return Array.ConvertAll(logits.AsSpan().ToArray(), value => value * model.HeadOptions.LogitScale);
    }

    public void Dispose() => _case.Dispose();
}
