using Transfuse.Alignment;
using Transfuse.Errors;

namespace Transfuse.Fusion;

/// <summary>Computes each source's cross entropy around each target position.</summary>
public static class CrossEntropyMeasure
{
    /// <summary>
    /// CE_s(i) = (C_s(hi) − C_s(lo)) / (hi − lo), C_s(b) the source's negative log-likelihood up to byte b, [lo, hi] the window around
    /// target position i, cut to the text that all sources scored; or one value for the document. Cost O(N + ΣM).
    /// </summary>
    /// <param name="sources">The sources of a document.</param>
    /// <param name="target">The document as the target tokenises it.</param>
    /// <param name="options">Granularity and unit.</param>
    /// <param name="crossEntropies">Receives source s at position i at <c>[s·positions + i]</c>, nats per byte or per token.</param>
    /// <exception cref="TransfuseException">A log-probability is not finite, or the options do not fit.</exception>
    public static void Measure(
        IReadOnlyList<FusionSource> sources, TokenSequence target, CrossEntropyOptions options, Span<double> crossEntropies)
    {
        ArgumentNullException.ThrowIfNull(sources);
        ArgumentNullException.ThrowIfNull(target);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfNotEqual(crossEntropies.Length, sources.Count * target.Count, nameof(crossEntropies));
        if (options.Granularity == CrossEntropyGranularity.Block)
        {
            throw new TransfuseException("A block's cross entropies span documents; compute them with BlockCrossEntropy and pass them to the fuser.");
        }

        var (start, end) = CommonText(sources);
        for (var s = 0; s < sources.Count; s++)
        {
            Check(sources[s], s);
            var values = crossEntropies.Slice(s * target.Count, target.Count);
            values.Fill(OfDocument(sources[s], options.Unit, start, end));
            if (options.Granularity == CrossEntropyGranularity.Window)
            {
                OfWindows(sources[s], target.Ends, options.WindowBytes, start, end, values);
            }
        }
    }

    /// <summary>Mean cross entropy of a source's own tokens in nats per token, special tokens included: FuseLLM's metric of a document.</summary>
    public static double PerToken(FusionSource source)
    {
        ArgumentNullException.ThrowIfNull(source);
        var sum = 0.0;
        for (var i = 0; i + 1 < source.TokenEnds.Length; i++)
        {
            sum -= source.GoldLogProbabilities[i];
        }

        return source.TokenEnds.Length > 1 ? sum / (source.TokenEnds.Length - 1) : 0;
    }

    private static (int Start, int End) CommonText(IReadOnlyList<FusionSource> sources)
    {
        var (start, end) = (0, int.MaxValue);
        foreach (var source in sources)
        {
            start = Math.Max(start, source.TokenEnds.Length > 0 ? source.TokenEnds[0] : 0);
            end = Math.Min(end, source.TokenEnds.Length > 0 ? source.TokenEnds[^1] : 0);
        }

        return (start, end);
    }

    private static double OfDocument(FusionSource source, CrossEntropyUnit unit, int start, int end)
    {
        if (unit == CrossEntropyUnit.Token)
        {
            return PerToken(source);
        }

        var curve = new ByteCurve(source);
        var before = curve.At(start);
        return end > start ? (curve.At(end) - before) / (end - start) : 0;
    }

    /// <summary>Overwrites the document's value wherever the window holds text.</summary>
    private static void OfWindows(FusionSource source, int[] targetEnds, int radius, int start, int end, Span<double> values)
    {
        var (lower, upper) = (new ByteCurve(source), new ByteCurve(source));
        for (var i = 0; i < values.Length; i++)
        {
            var low = Math.Max(start, targetEnds[i] - radius);
            var high = (int)Math.Min(end, (long)targetEnds[i] + radius);
            if (high > low)
            {
                values[i] = (upper.At(high) - lower.At(low)) / (high - low);
            }
        }
    }

    private static void Check(FusionSource source, int index)
    {
        if (source.GoldLogProbabilities.Length != source.TokenEnds.Length)
        {
            throw new TransfuseException(
                $"Source {index} has {source.TokenEnds.Length} tokens but {source.GoldLogProbabilities.Length} gold log-probabilities; "
                + "expected one per token.");
        }

        for (var i = 0; i + 1 < source.GoldLogProbabilities.Length; i++)
        {
            if (!float.IsFinite(source.GoldLogProbabilities[i]))
            {
                throw new TransfuseException(
                    $"Source {index} gives token {i + 1} the log-probability {source.GoldLogProbabilities[i]}; expected a finite number. "
                    + "Capture the source again, or leave the document out.");
            }
        }
    }
}
