using Transfuse.Alignment;
using Transfuse.Errors;

namespace Transfuse.Fusion;

/// <summary>
/// Fuses the sources of a document position by position, P = Σ_s w_s·P_s over the sources that speak there, rest masses included. Owns
/// scratch memory: not thread safe, one per worker.
/// </summary>
public sealed class DocumentFuser
{
    private const double WeightTolerance = 0.02;
    private readonly IFusionFunction _function;
    private readonly CrossEntropyOptions _measure;
    private readonly bool _roundToBFloat16;
    private readonly RowAccumulator _row;
    private readonly SparseRowsBuilder _output = new();
    private double[] _crossEntropies = [];

    /// <summary>Creates a fuser.</summary>
    /// <param name="function">How sources are weighed.</param>
    /// <param name="measure">How sources are judged.</param>
    /// <param name="vocabularySize">Size of the target's vocabulary: ids are below it.</param>
    /// <param name="roundToBFloat16">Whether products and sums are rounded to bfloat16 as in the papers' code.</param>
    public DocumentFuser(IFusionFunction function, CrossEntropyOptions measure, int vocabularySize, bool roundToBFloat16 = false)
    {
        ArgumentNullException.ThrowIfNull(function);
        ArgumentNullException.ThrowIfNull(measure);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(vocabularySize);
        _function = function;
        _measure = measure;
        _roundToBFloat16 = roundToBFloat16;
        _row = new RowAccumulator(vocabularySize);
    }

    /// <summary>Fuses a document, judging the sources by their gold log-probabilities.</summary>
    /// <param name="sources">The sources, in order of precedence on ties.</param>
    /// <param name="target">The document as the target tokenises it.</param>
    /// <exception cref="TransfuseException">The sources do not fit the target's positions, or a log-probability is not finite.</exception>
    public FusedDocument Fuse(IReadOnlyList<FusionSource> sources, TokenSequence target)
    {
        ArgumentNullException.ThrowIfNull(sources);
        ArgumentNullException.ThrowIfNull(target);
        var documents = new AlignedDocument[sources.Count];
        for (var s = 0; s < documents.Length; s++)
        {
            documents[s] = sources[s].Targets;
        }

        var size = documents.Length * target.Count;
        if (_crossEntropies.Length < size)
        {
            _crossEntropies = new double[size];
        }

        CheckCounts(documents, target.Count);
        CrossEntropyMeasure.Measure(sources, target, _measure, _crossEntropies.AsSpan(0, size));
        return Fuse(documents, target.Count, _crossEntropies.AsSpan(0, size));
    }

    /// <summary>Fuses a document whose sources were judged elsewhere, one cross entropy per source (for example a block's).</summary>
    /// <param name="documents">The sources' aligned distributions, in order of precedence on ties.</param>
    /// <param name="crossEntropies">Cross entropy of each source.</param>
    /// <exception cref="TransfuseException">The sources differ in positions.</exception>
    public FusedDocument Fuse(IReadOnlyList<AlignedDocument> documents, ReadOnlySpan<double> crossEntropies)
    {
        ArgumentNullException.ThrowIfNull(documents);
        ArgumentOutOfRangeException.ThrowIfZero(documents.Count, nameof(documents));
        ArgumentOutOfRangeException.ThrowIfNotEqual(crossEntropies.Length, documents.Count, nameof(crossEntropies));
        var count = documents[0].Count;
        var spread = new double[documents.Count * count];
        for (var s = 0; s < documents.Count; s++)
        {
            spread.AsSpan(s * count, count).Fill(crossEntropies[s]);
        }

        CheckCounts(documents, count);
        return Fuse([.. documents], count, spread);
    }

    private FusedDocument Fuse(AlignedDocument[] documents, int count, ReadOnlySpan<double> crossEntropies)
    {
        var statistics = new SourceStatistics[documents.Length];
        var fusedWeights = new float[count];
        Span<double> weights = documents.Length <= 64 ? stackalloc double[documents.Length] : new double[documents.Length];
        Span<double> judged = documents.Length <= 64 ? stackalloc double[documents.Length] : new double[documents.Length];
        Span<bool> speaks = documents.Length <= 64 ? stackalloc bool[documents.Length] : new bool[documents.Length];
        var (fused, restMass) = (0L, 0.0);
        _output.Reset(count);
        for (var i = 0; i < count; i++)
        {
            if (!Listen(documents, i, crossEntropies, speaks, judged))
            {
                _output.EndRow(0);
                continue;
            }

            weights.Clear();
            _function.Weigh(new FusionPosition(i, documents, speaks, judged), weights);
            CheckWeights(weights, speaks, i);
            restMass += Mix(documents, i, weights);
            fusedWeights[i] = 1;
            fused++;
            Count(statistics, speaks, weights, judged);
        }

        for (var s = 0; s < documents.Length; s++)
        {
            statistics[s] = statistics[s] with { Alignment = documents[s].Diagnostics };
        }

        return new FusedDocument(
            new FusedTargets(_output.Starts(), _output.Ids(), _output.Probabilities(), _output.RestMass(), fusedWeights),
            new FusionStatistics { Positions = count, Fused = fused, RestMass = restMass, Sources = statistics });
    }

    /// <summary>Collects who speaks at a position and how good each is there; returns whether anyone speaks.</summary>
    private static bool Listen(
        AlignedDocument[] documents, int position, ReadOnlySpan<double> crossEntropies, Span<bool> speaks, Span<double> judged)
    {
        for (var s = 0; s < documents.Length; s++)
        {
            speaks[s] = documents[s].Speaks(position);
            judged[s] = crossEntropies[(s * documents[s].Count) + position];
        }

        return speaks.Contains(true);
    }

    /// <summary>Writes P = Σ_s w_s·P_s of a position and returns its rest mass Σ_s w_s·r_s.</summary>
    private double Mix(AlignedDocument[] documents, int position, ReadOnlySpan<double> weights)
    {
        var only = weights.IndexOf(1.0);
        if (only >= 0)
        {
            return Copy(documents[only], position);
        }

        _row.Clear();
        var rest = 0.0;
        for (var s = 0; s < documents.Length; s++)
        {
            if (weights[s] == 0)
            {
                continue;
            }

            var ids = documents[s].IdsAt(position);
            var probabilities = documents[s].ProbabilitiesAt(position);
            rest += weights[s] * documents[s].RestMass[position];
            for (var i = 0; i < ids.Length; i++)
            {
                var part = weights[s] * probabilities[i];
                _row.Add(ids[i], _roundToBFloat16 ? BFloat16Rounding.Round(part) : part, DuplicatePolicy.Sum);
            }

            if (_roundToBFloat16)
            {
                BFloat16Rounding.Round(_row.Masses);
            }
        }

        var masses = _row.Masses;
        for (var i = 0; i < masses.Length; i++)
        {
            _output.Add(_row.Ids[i], (float)masses[i]);
        }

        _output.EndRow((float)rest);
        return rest;
    }

    private double Copy(AlignedDocument document, int position)
    {
        var ids = document.IdsAt(position);
        var probabilities = document.ProbabilitiesAt(position);
        for (var i = 0; i < ids.Length; i++)
        {
            _output.Add(ids[i], probabilities[i]);
        }

        _output.EndRow(document.RestMass[position]);
        return document.RestMass[position];
    }

    private static void Count(
        SourceStatistics[] statistics, ReadOnlySpan<bool> speaks, ReadOnlySpan<double> weights, ReadOnlySpan<double> crossEntropies)
    {
        for (var s = 0; s < statistics.Length; s++)
        {
            if (speaks[s])
            {
                statistics[s] = statistics[s] with
                {
                    Spoken = statistics[s].Spoken + 1,
                    Weight = statistics[s].Weight + weights[s],
                    CrossEntropy = statistics[s].CrossEntropy + crossEntropies[s],
                };
            }
        }
    }

    private void CheckWeights(ReadOnlySpan<double> weights, ReadOnlySpan<bool> speaks, int position)
    {
        var sum = 0.0;
        for (var s = 0; s < weights.Length; s++)
        {
            if (!(weights[s] >= 0) || (weights[s] > 0 && !speaks[s]))
            {
                throw new TransfuseException(
                    $"{_function.GetType().Name} gives source {s} the weight {weights[s]} at position {position}; expected at least 0, and 0 "
                    + "for a source without distribution there.");
            }

            sum += weights[s];
        }

        if (!(Math.Abs(sum - 1) <= WeightTolerance))
        {
            throw new TransfuseException($"{_function.GetType().Name} gives weights of sum {sum} at position {position}; expected 1.");
        }
    }

    private static void CheckCounts(IReadOnlyList<AlignedDocument> documents, int count)
    {
        for (var s = 0; s < documents.Count; s++)
        {
            if (documents[s].Count != count)
            {
                throw new TransfuseException(
                    $"Source {s} is aligned to {documents[s].Count} positions, the target has {count}. Align all sources to the same tokenisation.");
            }
        }
    }
}
