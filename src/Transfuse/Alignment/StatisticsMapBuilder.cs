using System.Runtime.InteropServices;

namespace Transfuse.Alignment;

/// <summary>
/// FuseChat's map from alignment statistics ("MS" as its code has it): of the target tokens that dynamic time warping ever matched with a
/// source token, the one of least Lev(s, b)·w·sigmoid(count), w = 0.1 if one string contains the other, else 1; the lowest id among
/// equals. The factor grows with the count, so that the code prefers rare matches; kept as it is.
/// </summary>
public sealed class StatisticsMapBuilder
{
    private const double ContainmentWeight = 0.1;
    private readonly PieceVocabulary _source;
    private readonly PieceVocabulary _target;
    private readonly DynamicTimeWarping _warping;
    private readonly Dictionary<(int Source, int Target), long> _counts = [];
    private readonly EditDistance _distance = new();

    /// <summary>Starts counting.</summary>
    /// <param name="source">The source's vocabulary.</param>
    /// <param name="target">The target's vocabulary.</param>
    public StatisticsMapBuilder(PieceVocabulary source, PieceVocabulary target)
    {
        _warping = new DynamicTimeWarping(new PieceDistance(source, target, decoded: true), TieOrder.FuseChat);
        _source = source;
        _target = target;
    }

    /// <summary>How often a source id was matched with a target id.</summary>
    internal IReadOnlyDictionary<(int Source, int Target), long> Counts => _counts;

    /// <summary>Counts the matches of a text; texts without tokens on a side count nothing.</summary>
    /// <param name="source">Source token ids.</param>
    /// <param name="target">Target token ids of the same text.</param>
    public void Add(ReadOnlySpan<int> source, ReadOnlySpan<int> target)
    {
        if (source.IsEmpty || target.IsEmpty)
        {
            return;
        }

        var path = _warping.Align(source, target);
        var seen = new HashSet<int>();
        for (var i = 0; i < target.Length; i++)
        {
            seen.Clear();
            foreach (var position in path.SourcesOf(i))
            {
                if (seen.Add(source[position]))
                {
                    CollectionsMarshal.GetValueRefOrAddDefault(_counts, (source[position], target[i]), out _)++;
                }
            }
        }
    }

    /// <summary>The map that distributions go through: a source token's equal piece where the target has it, else the statistics.</summary>
    public VocabularyMap Build()
    {
        var targetOf = StatisticsOnly();
        var exact = ExactMap.TargetOf(_source, _target);
        for (var id = 0; id < targetOf.Length; id++)
        {
            targetOf[id] = exact[id] >= 0 ? exact[id] : targetOf[id];
        }

        return VocabularyMap.OneToOne(VocabularyMapKind.Statistics, _source.Hash, _target.Hash, _target.Size, targetOf);
    }

    /// <summary>Per source id the target id that the statistics choose; unseen ones go to the unknown token (or EOS).</summary>
    internal int[] StatisticsOnly()
    {
        var targetOf = new int[_source.Size];
        Array.Fill(targetOf, _target.UnknownId ?? _target.EosId ?? -1);
        var best = new double[targetOf.Length];
        Array.Fill(best, double.PositiveInfinity);
        foreach (var ((source, target), count) in _counts)
        {
            var score = Score(source, target, count);
            if (score < best[source] || (score == best[source] && target < targetOf[source]))
            {
                (best[source], targetOf[source]) = (score, target);
            }
        }

        SpecialRoles.Apply(_source.BosId, _source.EosId, _target.BosId, _target.EosId, targetOf);
        return targetOf;
    }

    private double Score(int source, int target, long count)
    {
        var sourceText = Strip(_source, source);
        var targetText = Strip(_target, target);
        if (sourceText.Length == 0 || targetText.Length == 0)
        {
            // Where nothing is left of one side, both are compared with their marks.
            sourceText = _source.PieceWith(source, _target.Marker) ?? "";
            targetText = _target.Piece(target) ?? "";
        }

        var contains = sourceText.Contains(targetText, StringComparison.Ordinal) || targetText.Contains(sourceText, StringComparison.Ordinal);
        return _distance.Between(sourceText, targetText) * (contains ? ContainmentWeight : 1) / (1 + Math.Exp(-count));
    }

    private static string Strip(PieceVocabulary vocabulary, int id) =>
        (vocabulary.Piece(id) ?? "").Replace(vocabulary.Marker, "", StringComparison.Ordinal);
}
