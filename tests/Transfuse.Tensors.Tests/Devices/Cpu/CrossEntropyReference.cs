using Transfuse.Tensors.Devices;

namespace Transfuse.Tensors.Tests.Devices.Cpu;

/// <summary>Head, softmax and both loss terms in double, straight from their definitions.</summary>
internal sealed class CrossEntropyReference
{
    private readonly int _h;
    private readonly int _v;
    private readonly double[] _hidden;
    private readonly double[] _weight;

    internal CrossEntropyReference(Tensor hidden, Tensor weight, HeadOptions options)
    {
        (_h, _v) = (hidden.Columns, weight.Rows);
        _hidden = [.. hidden.AsSpan().ToArray().Select(x => (double)x)];
        _weight = [.. weight.AsSpan().ToArray().Select(x => (double)x)];
        Rows = hidden.Rows;
        Options = options;
    }

    internal int Rows { get; }

    internal HeadOptions Options { get; }

    /// <summary>Logits of a row after scale and cap.</summary>
    internal double[] Logits(int row)
    {
        var logits = new double[_v];
        for (var id = 0; id < _v; id++)
        {
            var x = 0.0;
            for (var i = 0; i < _h; i++)
            {
                x += _hidden[(row * _h) + i] * _weight[(id * _h) + i];
            }

            x *= Options.LogitScale;
            logits[id] = Options.SoftCap > 0 ? Options.SoftCap * Math.Tanh(x / Options.SoftCap) : x;
        }

        return logits;
    }

    /// <summary>Log-probabilities of a row.</summary>
    internal double[] LogProbabilities(int row)
    {
        var logits = Logits(row);
        var normaliser = LogSumExp(logits);
        return [.. logits.Select(z => z - normaliser)];
    }

    /// <summary>−Σ p·log q − r·log(1 − Q) of a row.</summary>
    internal double TeacherLoss(int row, SparseTargets teacher)
    {
        var logProbabilities = LogProbabilities(row);
        var (ids, probabilities) = Entries(row, teacher);
        var loss = 0.0;
        for (var i = 0; i < ids.Length; i++)
        {
            loss -= probabilities[i] * logProbabilities[ids[i]];
        }

        var rest = teacher.RestMass.Span[row];
        return rest == 0 ? loss : loss - (rest * LogSumExp([.. logProbabilities.Where((_, id) => !ids.Contains(id))]));
    }

    /// <summary>The gradients of the whole loss with respect to hidden rows and head.</summary>
    internal (double[] Hidden, double[] Weight) Gradients(int[] labels, float[] labelWeights, SparseTargets? teacher)
    {
        var dHidden = new double[_hidden.Length];
        var dWeight = new double[_weight.Length];
        for (var row = 0; row < Rows; row++)
        {
            var gradient = LogitGradient(row, labels[row], labelWeights[row], teacher);
            for (var id = 0; id < _v; id++)
            {
                for (var i = 0; i < _h; i++)
                {
                    dHidden[(row * _h) + i] += gradient[id] * _weight[(id * _h) + i];
                    dWeight[(id * _h) + i] += gradient[id] * _hidden[(row * _h) + i];
                }
            }
        }

        return (dHidden, dWeight);
    }

    private static (int[] Ids, float[] Probabilities) Entries(int row, SparseTargets teacher)
    {
        var range = teacher.RowStarts.Span[row]..teacher.RowStarts.Span[row + 1];
        return (teacher.Ids[range].ToArray(), teacher.Probabilities[range].ToArray());
    }

    private static double LogSumExp(double[] values)
    {
        if (values.Length == 0)
        {
            return double.NegativeInfinity;
        }

        var maximum = values.Max();
        return maximum + Math.Log(values.Sum(z => Math.Exp(z - maximum)));
    }

    // Of the logits before scale and cap.
    private double[] LogitGradient(int row, int label, double labelWeight, SparseTargets? teacher)
    {
        var logits = Logits(row);
        var logProbabilities = LogProbabilities(row);
        var gradient = new double[_v];
        for (var id = 0; id < _v && label >= 0; id++)
        {
            gradient[id] = labelWeight * (Math.Exp(logProbabilities[id]) - (id == label ? 1 : 0));
        }

        if (teacher is not null)
        {
            AddTeacherGradient(row, logProbabilities, teacher, gradient);
        }

        for (var id = 0; id < _v; id++)
        {
            var t = Options.SoftCap > 0 ? logits[id] / Options.SoftCap : 0;
            gradient[id] *= Options.LogitScale * (1 - (t * t));
        }

        return gradient;
    }

    // Each log q_i has the gradient δ_ij − q_j; log(1 − Q) that of log Σ over others minus log Σ over all.
    private void AddTeacherGradient(int row, double[] logProbabilities, SparseTargets teacher, double[] gradient)
    {
        var (ids, probabilities) = Entries(row, teacher);
        double weight = teacher.Weights.Span[row];
        double rest = teacher.RestMass.Span[row];
        var others = LogSumExp([.. logProbabilities.Where((_, id) => !ids.Contains(id))]);
        for (var id = 0; id < _v; id++)
        {
            var q = Math.Exp(logProbabilities[id]);
            gradient[id] += weight * q * (probabilities.Sum(p => (double)p) + rest);
            var entry = Array.IndexOf(ids, id);
            gradient[id] -= weight * (entry >= 0 ? probabilities[entry] : rest == 0 ? 0 : rest * Math.Exp(logProbabilities[id] - others));
        }
    }
}
