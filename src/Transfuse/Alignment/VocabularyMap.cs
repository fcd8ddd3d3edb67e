using System.Collections.Immutable;
using Transfuse.Errors;

namespace Transfuse.Alignment;

/// <summary>
/// Vocabulary level of the alignment: for every source token the target tokens that it stands for, each with a probability. A row sums
/// to at most 1; what it lacks is unmapped. Source ids beyond the last row (padded rows of a model's head) are unmapped. Immutable.
/// </summary>
public sealed class VocabularyMap
{
    private const double SumTolerance = 1e-5;
    private readonly int[] _starts;
    private readonly int[] _targets;
    private readonly float[] _probabilities;

    /// <summary>Creates a map from its rows; the arrays are not copied.</summary>
    /// <param name="kind">How it was made.</param>
    /// <param name="sourceHash">Content hash of the source's tokenizer.</param>
    /// <param name="targetHash">Content hash of the target's tokenizer.</param>
    /// <param name="targetSize">Target ids are below this.</param>
    /// <param name="starts">Start of each source id's entries and the end of the last.</param>
    /// <param name="targets">Target ids.</param>
    /// <param name="probabilities">Probability of each entry.</param>
    /// <exception cref="TransfuseException">The arrays do not describe a map.</exception>
    public VocabularyMap(
        VocabularyMapKind kind, string sourceHash, string targetHash, int targetSize, int[] starts, int[] targets, float[] probabilities)
    {
        ArgumentNullException.ThrowIfNull(sourceHash);
        ArgumentNullException.ThrowIfNull(targetHash);
        ArgumentNullException.ThrowIfNull(starts);
        ArgumentNullException.ThrowIfNull(targets);
        ArgumentNullException.ThrowIfNull(probabilities);
        Kind = kind;
        SourceHash = sourceHash;
        TargetHash = targetHash;
        TargetSize = targetSize;
        _starts = starts;
        _targets = targets;
        _probabilities = probabilities;
        Validate();
    }

    /// <summary>How the map was made.</summary>
    public VocabularyMapKind Kind { get; }

    /// <summary>Content hash of the source's tokenizer.</summary>
    public string SourceHash { get; }

    /// <summary>Content hash of the target's tokenizer.</summary>
    public string TargetHash { get; }

    /// <summary>Number of source ids with a row.</summary>
    public int SourceSize => _starts.Length - 1;

    /// <summary>Target ids are below this.</summary>
    public int TargetSize { get; }

    /// <summary>Number of entries of all rows.</summary>
    public int EntryCount => _targets.Length;

    internal ReadOnlySpan<int> Starts => _starts;

    internal ReadOnlySpan<int> Targets => _targets;

    internal ReadOnlySpan<float> Probabilities => _probabilities;

    /// <summary>A map with at most one target per source token.</summary>
    /// <param name="kind">How it was made.</param>
    /// <param name="sourceHash">Content hash of the source's tokenizer.</param>
    /// <param name="targetHash">Content hash of the target's tokenizer.</param>
    /// <param name="targetSize">Target ids are below this.</param>
    /// <param name="targetOf">Per source id the target id, or a negative number for none.</param>
    public static VocabularyMap OneToOne(
        VocabularyMapKind kind, string sourceHash, string targetHash, int targetSize, ReadOnlySpan<int> targetOf)
    {
        var starts = new int[targetOf.Length + 1];
        var targets = ImmutableArray.CreateBuilder<int>(targetOf.Length);
        for (var i = 0; i < targetOf.Length; i++)
        {
            if (targetOf[i] >= 0)
            {
                targets.Add(targetOf[i]);
            }

            starts[i + 1] = targets.Count;
        }

        var probabilities = new float[targets.Count];
        Array.Fill(probabilities, 1f);
        return new VocabularyMap(kind, sourceHash, targetHash, targetSize, starts, targets.ToArray(), probabilities);
    }

    /// <summary>Target ids of a source token; empty for an unmapped or unknown one.</summary>
    public ReadOnlySpan<int> TargetsOf(int sourceId) =>
        (uint)sourceId < (uint)SourceSize ? _targets.AsSpan(_starts[sourceId].._starts[sourceId + 1]) : [];

    /// <summary>Probabilities of <see cref="TargetsOf"/>.</summary>
    public ReadOnlySpan<float> ProbabilitiesOf(int sourceId) =>
        (uint)sourceId < (uint)SourceSize ? _probabilities.AsSpan(_starts[sourceId].._starts[sourceId + 1]) : [];

    /// <summary>The most probable target of a source token (the first of equals), or −1.</summary>
    public int BestTarget(int sourceId)
    {
        var probabilities = ProbabilitiesOf(sourceId);
        var best = -1;
        for (var i = 0; i < probabilities.Length; i++)
        {
            if (best < 0 || probabilities[i] > probabilities[best])
            {
                best = i;
            }
        }

        return best < 0 ? -1 : TargetsOf(sourceId)[best];
    }

    private void Validate()
    {
        if (_starts.Length == 0 || _starts[0] != 0 || _starts[^1] != _targets.Length || _targets.Length != _probabilities.Length)
        {
            throw new TransfuseException(
                $"A vocabulary map's rows end at {(_starts.Length == 0 ? 0 : _starts[^1])}, but it has {_targets.Length} targets and "
                + $"{_probabilities.Length} probabilities; all three must agree.");
        }

        for (var source = 0; source < SourceSize; source++)
        {
            ValidateRow(source);
        }
    }

    private void ValidateRow(int source)
    {
        var (start, end) = (_starts[source], _starts[source + 1]);
        if (end < start || end > _targets.Length)
        {
            throw new TransfuseException($"Row {source} of a vocabulary map runs from {start} to {end}; starts must ascend to {_targets.Length}.");
        }

        var sum = 0.0;
        for (var i = start; i < end; i++)
        {
            if ((uint)_targets[i] >= (uint)TargetSize || !(_probabilities[i] >= 0))
            {
                throw new TransfuseException(
                    $"Row {source} of a vocabulary map holds target {_targets[i]} with probability {_probabilities[i]}; expected an id below "
                    + $"{TargetSize} and a probability of at least 0.");
            }

            sum += _probabilities[i];
        }

        if (sum > 1 + SumTolerance)
        {
            throw new TransfuseException($"Row {source} of a vocabulary map sums to {sum}; expected at most 1.");
        }
    }
}
