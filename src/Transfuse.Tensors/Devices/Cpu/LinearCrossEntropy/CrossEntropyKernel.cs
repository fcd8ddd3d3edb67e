using Transfuse.Tensors.Devices.Cpu.Elementwise;
using Transfuse.Tensors.Simd;

namespace Transfuse.Tensors.Devices.Cpu.LinearCrossEntropy;

/// <summary>
/// Losses of a chunk's rows from what is kept of their logits, and exponentials turned into gradients in place.
/// </summary>
/// <remarks>
/// With q = softmax(z), label y of weight w, teacher (p on ids K, rest r) of weight t, S = Σ p and Q = Σ over K of q, the loss of a row is
/// w·(−log q_y) + t·(−Σ p·log q − r·log(1 − Q)), and its gradient with respect to z_j is
/// <code>
/// w·(q_j − [j = y]) + t·((S + r)·q_j − p_j)                      for j in K
/// w·(q_j − [j = y]) + t·((S + r)·q_j − r·q_j/(1 − Q))            otherwise
/// </code>
/// The logits of y and K were taken out of the row; the remaining ones are summed by themselves. So 1 − Q is a sum of what is left
/// and never a difference, and all gradients outside y and K are one factor times exp z. Where K is the whole vocabulary there is
/// nothing to give r to and its term is dropped. Traffic: an exponential is read and written once, 8 bytes or, rounded,
/// 4; without gradients only what is kept of the logits is read.
/// </remarks>
internal readonly unsafe struct CrossEntropyKernel<TGradient>(CrossEntropyChunk<TGradient> chunk) : IRowKernel
    where TGradient : struct, IOperand
{
    public void Execute<TVector>(long row, int worker)
        where TVector : unmanaged, IVector<TVector>
    {
        var index = chunk.Order[row];
        var content = chunk.Rows[index];
        var kept = new ReadOnlySpan<float>(chunk.Kept + (row * chunk.Slots), chunk.Slots);
        var parts = new ReadOnlySpan<LogitPart>(chunk.Parts + (row * chunk.PartCount), chunk.PartCount);
        var labelLogit = content.Label >= 0 ? kept[^1] : float.NegativeInfinity;
        var (maximum, others) = LogitPart.LogSumExp(parts);
        var rest = content.Label >= 0 && !content.Ids.Contains(content.Label) ? LogAddExp(others, labelLogit) : others;
        var all = rest;
        for (var i = 0; i < content.Ids.Length; i++)
        {
            all = LogAddExp(all, kept[i]);
        }

        var hasRest = content.Ids.Length < chunk.Vocabulary;
        chunk.Rows.LabelLosses.Span[index] = content.Label >= 0 ? (float)(all - labelLogit) : 0;
        if (chunk.Rows.TeacherLosses.Length != 0)
        {
            chunk.Rows.TeacherLosses.Span[index] = (float)TeacherLoss(content, kept, all, hasRest ? rest : all);
        }

        if (chunk.WantsGradient)
        {
            WriteGradient<TVector>((int)row, content, kept, parts, maximum, all, hasRest ? rest : double.PositiveInfinity);
        }
    }

    // −Σ p·log q − r·log(1 − Q); terms without mass are left out even where their logarithm is infinite.
    private static double TeacherLoss(in CrossEntropyRow row, ReadOnlySpan<float> kept, double all, double rest)
    {
        var loss = 0.0;
        for (var i = 0; i < row.Ids.Length; i++)
        {
            if (row.Probabilities[i] != 0)
            {
                loss += row.Probabilities[i] * (all - kept[i]);
            }
        }

        return row.RestMass == 0 || row.Ids.Length == 0 ? loss : loss + (row.RestMass * (all - rest));
    }

    /// <param name="row">Row of the chunk.</param>
    /// <param name="content">Label and teacher.</param>
    /// <param name="kept">Logits of the teacher's ids and of the label.</param>
    /// <param name="parts">What the exponentials are relative to.</param>
    /// <param name="maximum">Largest logit that was not taken out.</param>
    /// <param name="all">log Σ exp z over the vocabulary.</param>
    /// <param name="rest">The same over ids that the teacher does not keep, +∞ where it keeps all.</param>
    private void WriteGradient<TVector>(
        int row, in CrossEntropyRow content, ReadOnlySpan<float> kept, ReadOnlySpan<LogitPart> parts, double maximum, double all, double rest)
        where TVector : unmanaged, IVector<TVector>
    {
        double weight = content.LabelWeight;
        double restWeight = 0;
        if (content.TeacherWeight != 0)
        {
            restWeight = double.IsPositiveInfinity(rest) ? 0 : (double)content.TeacherWeight * content.RestMass;
            weight += restWeight;
            foreach (var probability in content.Probabilities)
            {
                weight += (double)content.TeacherWeight * probability;
            }
        }

        // Without a logit that was not taken out every exponential is 0.
        var factor = double.IsNegativeInfinity(maximum)
            ? 0 : chunk.Options.LogitScale * ((weight * Math.Exp(maximum - all)) - RestShare(restWeight, maximum, rest));
        for (var part = 0; part < parts.Length; part++)
        {
            var first = part * chunk.PartColumns;
            var scale = double.IsNegativeInfinity(parts[part].Maximum) ? 0 : factor * Math.Exp(parts[part].Maximum - maximum);
            LogitRow.Scale<TVector, TGradient>(chunk.Gradient, row, first, Math.Min(chunk.PartColumns, chunk.Vocabulary - first), (float)scale);
        }

        if (content.Label >= 0)
        {
            double labelLogit = kept[^1];
            var gradient = (weight * Math.Exp(labelLogit - all)) - content.LabelWeight - RestShare(restWeight, labelLogit, rest);
            Set(row, content.Label, gradient * LogitRow.Slope(labelLogit, chunk.Options));
        }

        for (var i = 0; i < content.Ids.Length; i++)
        {
            var gradient = (weight * Math.Exp(kept[i] - all)) - (content.TeacherWeight * content.Probabilities[i])
                - (content.Ids[i] == content.Label ? content.LabelWeight : 0);
            Set(row, content.Ids[i], gradient * LogitRow.Slope(kept[i], chunk.Options));
        }
    }

    private void Set(int row, int id, double gradient) =>
        chunk.Gradient.Store<SimdScalar, AllLanes>(SimdScalar.Create((float)gradient), default, row, id);

    // t·r·q_j/(1 − Q), as a softmax over the ids that the teacher does not keep.
    private static double RestShare(double restWeight, double logit, double rest) =>
        restWeight == 0 ? 0 : restWeight * Math.Exp(logit - rest);

    private static double LogAddExp(double x, double y)
    {
        var (low, high) = x < y ? (x, y) : (y, x);
        return double.IsNegativeInfinity(low) ? high : high + double.LogP1(Math.Exp(low - high));
    }
}
