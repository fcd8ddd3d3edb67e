using Transfuse.Tensors.Devices;

namespace Transfuse.Tensors.Tests.Devices.Cpu.Attention;

/// <summary>Attention and its gradient by the definition, in double precision, one query at a time.</summary>
internal sealed class AttentionReference
{
    private readonly AttentionCase _case;

    internal AttentionReference(AttentionCase attentionCase)
    {
        _case = attentionCase;
        var options = attentionCase.Options;
        Output = new double[attentionCase.QueryRows * options.QueryHeads * options.HeadSize];
        LogSumExp = new double[attentionCase.QueryRows * options.QueryHeads];
        DQuery = new double[attentionCase.Query.Length];
        DKey = new double[attentionCase.Key.Length];
        DValue = new double[attentionCase.Value.Length];
        DBias = new double[attentionCase.Bias?.Length ?? 0];
        foreach (var segment in attentionCase.Segments)
        {
            for (var head = 0; head < options.QueryHeads; head++)
            {
                for (var query = 0; query < segment.QueryCount; query++)
                {
                    Attend(segment, head, query);
                }
            }
        }
    }

    internal double[] Output { get; }

    internal double[] LogSumExp { get; }

    /// <summary>In the places of the queries.</summary>
    internal double[] DQuery { get; }

    /// <summary>In the places of the keys.</summary>
    internal double[] DKey { get; }

    /// <summary>In the places of the values.</summary>
    internal double[] DValue { get; }

    /// <summary>[buckets, heads].</summary>
    internal double[] DBias { get; }

    private void Attend(AttentionSegment segment, int head, int query)
    {
        var options = _case.Options;
        var size = options.HeadSize;
        var keyHead = head / (options.QueryHeads / options.KeyValueHeads);
        var position = segment.KeyCount - segment.QueryCount + query;
        var queryAt = _case.QueryIndex(segment.QueryStart + query, head);
        var outputAt = ((segment.QueryStart + query) * options.QueryHeads * size) + (head * size);
        var scores = new double[segment.KeyCount];
        var derivatives = new double[segment.KeyCount];
        for (var key = 0; key < segment.KeyCount; key++)
        {
            var dot = 0.0;
            var keyAt = _case.KeyIndex(segment.KeyStart + key, keyHead);
            for (var i = 0; i < size; i++)
            {
                dot += (double)_case.Query[queryAt + i] * _case.Key[keyAt + i];
            }

            (scores[key], derivatives[key]) = Score(dot * options.Scale, head, position, key);
        }

        var seen = scores.Where(score => !double.IsNegativeInfinity(score)).ToArray();
        var max = seen.Length == 0 ? 0 : seen.Max();
        var sum = seen.Sum(score => Math.Exp(score - max));
        LogSumExp[((segment.QueryStart + query) * options.QueryHeads) + head] =
            seen.Length == 0 ? double.NegativeInfinity : max + Math.Log(sum);
        var probabilities = scores.Select(score => double.IsNegativeInfinity(score) ? 0 : Math.Exp(score - max) / sum).ToArray();
        var probabilityGradients = new double[segment.KeyCount];
        for (var key = 0; key < segment.KeyCount; key++)
        {
            var valueAt = _case.ValueIndex(segment.KeyStart + key, keyHead);
            for (var i = 0; i < size && probabilities[key] > 0; i++)
            {
                Output[outputAt + i] += probabilities[key] * _case.Value[valueAt + i];
                DValue[valueAt + i] += probabilities[key] * _case.DOutput[outputAt + i];
                probabilityGradients[key] += (double)_case.Value[valueAt + i] * _case.DOutput[outputAt + i];
            }
        }

        var mean = probabilities.Zip(probabilityGradients, (p, d) => p * d).Sum();
        for (var key = 0; key < segment.KeyCount; key++)
        {
            var scoreGradient = probabilities[key] * (probabilityGradients[key] - mean);
            if (options.RelativeBias is { } buckets)
            {
                DBias[(buckets.Of(position - key) * options.QueryHeads) + head] += scoreGradient;
            }

            var gradient = scoreGradient * derivatives[key] * options.Scale;
            var keyAt = _case.KeyIndex(segment.KeyStart + key, keyHead);
            for (var i = 0; i < size && probabilities[key] > 0; i++)
            {
                DQuery[queryAt + i] += gradient * _case.Key[keyAt + i];
                DKey[keyAt + i] += gradient * _case.Query[queryAt + i];
            }
        }
    }

    private (double Score, double Derivative) Score(double score, int head, int position, int key)
    {
        var options = _case.Options;
        var derivative = 1.0;
        if (options.SoftCap > 0)
        {
            var tanh = Math.Tanh(score / options.SoftCap);
            (score, derivative) = (options.SoftCap * tanh, 1 - (tanh * tanh));
        }

        if (options.AlibiSlopes is { } slopes)
        {
            score -= slopes[head] * (double)Math.Abs(position - key);
        }

        if (options.RelativeBias is { } buckets)
        {
            score += _case.Bias![(buckets.Of(position - key) * options.QueryHeads) + head];
        }

        var hidden = ((options.Causal || options.Window > 0) && key > position) || (options.Window > 0 && key <= position - options.Window);
        return hidden ? (double.NegativeInfinity, 0) : (score, derivative);
    }
}
