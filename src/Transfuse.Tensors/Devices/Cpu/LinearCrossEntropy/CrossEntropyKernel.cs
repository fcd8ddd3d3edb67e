using Transfuse.Tensors.Devices.Cpu.Gemm;
using Transfuse.Tensors.Devices.Cpu.Gemm.Bf16;
using Transfuse.Tensors.Simd;

namespace Transfuse.Tensors.Devices.Cpu.LinearCrossEntropy;

/// <summary>
/// Losses of a chunk's rows, and their logits turned into gradients in place.
/// </summary>
/// <remarks>
/// With q = softmax(z), label y of weight w, teacher (p on ids K, rest r) of weight t, S = Σ p and Q = Σ over K of q, the loss of a row is
/// w·(−log q_y) + t·(−Σ p·log q − r·log(1 − Q)), and its gradient with respect to z_j is
/// <code>
/// w·(q_j − [j = y]) + t·((S + r)·q_j − p_j)                      for j in K
/// w·(q_j − [j = y]) + t·((S + r)·q_j − r·q_j/(1 − Q))            otherwise
/// </code>
/// The logits of y and K are taken out of the row first; the remaining ones are summed by themselves. So 1 − Q is a sum of what is left
/// and never a difference, and all gradients outside y and K are one factor times exp z. Where K is the whole vocabulary there is
/// nothing to give r to and its term is dropped.
/// </remarks>
internal readonly unsafe struct CrossEntropyKernel : IRowKernel
{
    /// <summary>Labels, teacher, and where losses go.</summary>
    internal required CrossEntropyRows Rows { get; init; }

    /// <summary>Row number of each row of the chunk.</summary>
    internal required int* Order { get; init; }

    /// <summary>Rows of the chunk.</summary>
    internal required int Count { get; init; }

    /// <summary>Logits of the chunk before scale and cap [Count, Vocabulary].</summary>
    internal required float* Logits { get; init; }

    /// <summary>Size of the vocabulary.</summary>
    internal required int Vocabulary { get; init; }

    /// <summary>Scale and cap of the logits.</summary>
    internal required HeadOptions Options { get; init; }

    /// <summary>Whether logits become gradients.</summary>
    internal required bool WantsGradient { get; init; }

    /// <summary>Rounds gradients to bfloat16 in the first half of their row, since products with them would; null to leave them float32.</summary>
    internal required BFloat16Code? Rounding { get; init; }

    /// <summary>The gradient as first operand of a product.</summary>
    /// <param name="depthContiguous">Whether the sum runs over the vocabulary, not over rows.</param>
    internal GemmOperand Gradient(bool depthContiguous) => Rounding is null
        ? new GemmOperand(Logits, Vocabulary, depthContiguous)
        : new GemmOperand(Logits, 2 * Vocabulary, depthContiguous, sizeof(ushort));

    /// <summary>Room for each worker's teacher logits.</summary>
    internal required float* KeptLogits { get; init; }

    public void Execute<TVector>(long row, int worker)
        where TVector : unmanaged, IVector<TVector>
    {
        var logits = Logits + (row * Vocabulary);
        LogitRow.Transform<TVector>(logits, Vocabulary, Options);
        Execute<TVector>(Order[row], logits, KeptLogits + ((nint)worker * Rows.MaximumEntries));
    }

    private void Execute<TVector>(int index, float* logits, float* kept)
        where TVector : unmanaged, IVector<TVector>
    {
        var row = Rows[index];
        var labelLogit = row.Label >= 0 ? logits[row.Label] : float.NegativeInfinity;
        var labelIsKept = TakeOut(row, logits, kept);
        var others = LogitRow.LogSumExp<TVector>(logits, Vocabulary, out var maximum);
        var rest = row.Label >= 0 && !labelIsKept ? LogAddExp(others, labelLogit) : others;
        var all = rest;
        for (var i = 0; i < row.Ids.Length; i++)
        {
            all = LogAddExp(all, kept[i]);
        }

        var hasRest = row.Ids.Length < Vocabulary;
        Rows.LabelLosses.Span[index] = row.Label >= 0 ? (float)(all - labelLogit) : 0;
        if (Rows.TeacherLosses.Length != 0)
        {
            Rows.TeacherLosses.Span[index] = (float)TeacherLoss(row, kept, all, hasRest ? rest : all);
        }

        if (WantsGradient)
        {
            WriteGradient<TVector>(row, logits, kept, labelLogit, maximum, all, hasRest ? rest : double.PositiveInfinity);
            Rounding?.RoundInPlace(logits, Vocabulary);
        }
    }

    /// <summary>Moves the teacher's logits to <paramref name="kept"/> and the label's nowhere, leaving −∞; true if the teacher keeps the label.</summary>
    private static bool TakeOut(in CrossEntropyRow row, float* logits, float* kept)
    {
        var labelIsKept = false;
        for (var i = 0; i < row.Ids.Length; i++)
        {
            kept[i] = logits[row.Ids[i]];
            labelIsKept |= row.Ids[i] == row.Label;
        }

        foreach (var id in row.Ids)
        {
            logits[id] = float.NegativeInfinity;
        }

        if (row.Label >= 0)
        {
            logits[row.Label] = float.NegativeInfinity;
        }

        return labelIsKept;
    }

    // −Σ p·log q − r·log(1 − Q); terms without mass are left out even where their logarithm is infinite.
    private static double TeacherLoss(in CrossEntropyRow row, float* kept, double all, double rest)
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

    /// <param name="row">Label and teacher.</param>
    /// <param name="logits">In: logits, −∞ where taken out. Out: gradients.</param>
    /// <param name="kept">Logits of the teacher's ids.</param>
    /// <param name="labelLogit">Logit of the label.</param>
    /// <param name="maximum">Largest logit that was not taken out.</param>
    /// <param name="all">log Σ exp z over the vocabulary.</param>
    /// <param name="rest">The same over ids that the teacher does not keep, +∞ where it keeps all.</param>
    private void WriteGradient<TVector>(
        in CrossEntropyRow row, float* logits, float* kept, double labelLogit, double maximum, double all, double rest)
        where TVector : unmanaged, IVector<TVector>
    {
        double weight = row.LabelWeight;
        double restWeight = 0;
        if (row.TeacherWeight != 0)
        {
            restWeight = double.IsPositiveInfinity(rest) ? 0 : (double)row.TeacherWeight * row.RestMass;
            weight += restWeight;
            foreach (var probability in row.Probabilities)
            {
                weight += (double)row.TeacherWeight * probability;
            }
        }

        if (double.IsNegativeInfinity(maximum))
        {
            new Span<float>(logits, Vocabulary).Clear();
        }
        else
        {
            var factor = (weight * Math.Exp(maximum - all)) - RestShare(restWeight, maximum, rest);
            LogitRow.ToGradient<TVector>(logits, Vocabulary, (float)maximum, (float)factor, Options);
        }

        if (row.Label >= 0)
        {
            var gradient = (weight * Math.Exp(labelLogit - all)) - row.LabelWeight - RestShare(restWeight, labelLogit, rest);
            logits[row.Label] = (float)(gradient * LogitRow.Slope(labelLogit, Options));
        }

        for (var i = 0; i < row.Ids.Length; i++)
        {
            var gradient = (weight * Math.Exp(kept[i] - all)) - (row.TeacherWeight * row.Probabilities[i])
                - (row.Ids[i] == row.Label ? row.LabelWeight : 0);
            logits[row.Ids[i]] = (float)(gradient * LogitRow.Slope(kept[i], Options));
        }
    }

    // t·r·q_j/(1 − Q), as a softmax over the ids that the teacher does not keep.
    private static double RestShare(double restWeight, double logit, double rest) =>
        restWeight == 0 ? 0 : restWeight * Math.Exp(logit - rest);

    private static double LogAddExp(double x, double y)
    {
        var (low, high) = x < y ? (x, y) : (y, x);
        return double.IsNegativeInfinity(low) ? high : high + double.LogP1(Math.Exp(low - high));
    }
}
