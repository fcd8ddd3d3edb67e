using Transfuse.Tensors;
using Transfuse.Tensors.Devices;
using Transfuse.Tensors.Memory;
using Transfuse.Tensors.Optimizers;

namespace Transfuse.Tests.Distributions;

/// <summary>A device that knows nothing but <see cref="HeadTopK"/>, straight from its definition in double precision.</summary>
internal sealed class NaiveHeadDevice : Device
{
    public override string Name => "naive";

    public override MemoryPool Memory { get; } = new();

    public override Tensor AllocatePackedMoments(OptimizerStates states, long length) => throw new NotSupportedException();

    public override void PackedAdamW(
        Tensor parameter, Tensor gradient, Tensor firstMoment, Tensor secondMoment, OptimizerStates states, in AdamWArguments arguments) =>
        throw new NotSupportedException();

    public override Device CreateRehearsal() => throw new NotSupportedException();

    public override void HeadTopK(
        Tensor hidden, Tensor weight, HeadOptions options, int k, ReadOnlyMemory<int> labels,
        Memory<int> ids, Memory<float> logProbabilities, Memory<float> labelLogProbabilities)
    {
        for (var row = 0; row < hidden.Rows; row++)
        {
            var logs = LogProbabilities(hidden, weight, row);
            var best = Enumerable.Range(0, weight.Rows).OrderByDescending(id => logs[id]).ThenBy(id => id).Take(k).ToArray();
            for (var i = 0; i < k; i++)
            {
                ids.Span[(row * k) + i] = best[i];
                logProbabilities.Span[(row * k) + i] = (float)logs[best[i]];
            }

            labelLogProbabilities.Span[row] = labels.Span[row] < 0 ? 0 : (float)logs[labels.Span[row]];
        }
    }

    public static double[] LogProbabilities(Tensor hidden, Tensor weight, int row)
    {
        var logits = new double[weight.Rows];
        for (var id = 0; id < logits.Length; id++)
        {
            for (var d = 0; d < weight.Columns; d++)
            {
                logits[id] += (double)hidden.Row(row)[d] * weight.Row(id)[d];
            }
        }

        var peak = logits.Max();
        var logSum = peak + Math.Log(logits.Sum(logit => Math.Exp(logit - peak)));
        return Array.ConvertAll(logits, logit => logit - logSum);
    }

    public override void MatMul(MatMulLayout layout, Tensor a, Tensor b, Tensor destination, Tensor? addend = null) => throw new NotSupportedException();

    public override Tensor? PackWeight(Tensor weight, bool exact) => null;

    public override Tensor? Round(Tensor values) => null;

    public override void Widen(Tensor rounded, Tensor destination) => throw new NotSupportedException();

    public override void AddBias(Tensor rows, Tensor bias) => throw new NotSupportedException();

    public override void SumRows(Tensor rows, Tensor destination, bool accumulate) => throw new NotSupportedException();

    public override void RowProducts(Tensor a, Tensor b, Tensor destination) => throw new NotSupportedException();

    public override void ScaleRows(Tensor x, Tensor factors, Tensor destination) => throw new NotSupportedException();

    public override void Add(Tensor a, Tensor b, Tensor destination) => throw new NotSupportedException();

    public override void Scale(Tensor source, float factor, Tensor destination, bool accumulate) => throw new NotSupportedException();

    public override void Clamp(Tensor x, float limit, Tensor destination) => throw new NotSupportedException();

    public override void ClampBackward(Tensor x, float limit, Tensor dy, Tensor dx, bool accumulate) => throw new NotSupportedException();

    public override void Dropout(Tensor x, ulong key, float rate, Tensor destination, bool accumulate) => throw new NotSupportedException();

    public override void Activate(ActivationKind kind, Tensor x, Tensor destination) => throw new NotSupportedException();

    public override void ActivateBackward(ActivationKind kind, Tensor x, Tensor dy, Tensor dx, bool accumulate) => throw new NotSupportedException();

    public override void Gated(ActivationKind kind, Tensor gateUp, Tensor destination) => throw new NotSupportedException();

    public override void GatedBackward(ActivationKind kind, Tensor gateUp, Tensor dy, Tensor dGateUp) => throw new NotSupportedException();

    public override void RmsNorm(Tensor x, Tensor weight, float weightOffset, float epsilon, Tensor y, Tensor inverseRms) => throw new NotSupportedException();

    public override void RmsNormBackward(Tensor x, Tensor weight, float weightOffset, Tensor inverseRms, Tensor dy, Tensor dx, bool accumulate, Tensor? dWeight) => throw new NotSupportedException();

    public override void LayerNorm(Tensor x, Tensor weight, Tensor? bias, float epsilon, Tensor y, Tensor statistics) => throw new NotSupportedException();

    public override void LayerNormBackward(Tensor x, Tensor weight, Tensor statistics, Tensor dy, Tensor dx, bool accumulate, Tensor? dWeight, Tensor? dBias) => throw new NotSupportedException();

    public override void Rope(Tensor x, HeadLayout layout, int heads, Tensor cos, Tensor sin, ReadOnlyMemory<int> positions, bool inverse) => throw new NotSupportedException();

    public override void Attention(Tensor query, HeadLayout queryLayout, Tensor key, HeadLayout keyLayout, Tensor value, HeadLayout valueLayout, AttentionOptions options, ReadOnlyMemory<AttentionSegment> segments, Tensor output, Tensor logSumExp, Tensor? bias = null) => throw new NotSupportedException();

    public override void AttentionBackward(Tensor query, HeadLayout queryLayout, Tensor key, HeadLayout keyLayout, Tensor value, HeadLayout valueLayout, AttentionOptions options, ReadOnlyMemory<AttentionSegment> segments, Tensor output, Tensor logSumExp, Tensor dOutput, Tensor dQuery, Tensor dKey, Tensor dValue, Tensor? bias = null, Tensor? dBias = null) => throw new NotSupportedException();

    public override void Embed(ReadOnlyMemory<int> ids, Tensor table, float factor, Tensor destination) => throw new NotSupportedException();

    public override void EmbedBackward(ReadOnlyMemory<int> ids, float factor, Tensor dy, Tensor dTable) => throw new NotSupportedException();

    public override void LinearCrossEntropy(Tensor hidden, Tensor weight, HeadOptions options, ReadOnlyMemory<int> labels, ReadOnlyMemory<float> labelWeights, SparseTargets? teacher, Memory<float> labelLosses, Memory<float> teacherLosses, Tensor? dHidden, Tensor? dWeight) => throw new NotSupportedException();

    public override void AdamW(Tensor parameter, Tensor gradient, Tensor firstMoment, Tensor secondMoment, in AdamWArguments arguments) => throw new NotSupportedException();

    public override void Adafactor(Tensor parameter, Tensor gradient, Tensor rowMoments, Tensor? columnMoments, Tensor? firstMoment, in AdafactorArguments arguments) => throw new NotSupportedException();

    public override double SumOfSquares(Tensor x) => throw new NotSupportedException();

    protected override void Dispose(bool disposing) => Memory.Dispose();
}
