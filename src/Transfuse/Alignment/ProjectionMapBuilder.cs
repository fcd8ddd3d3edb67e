using System.Runtime.InteropServices;
using Transfuse.Errors;
using Transfuse.Tokenization;

namespace Transfuse.Alignment;

/// <summary>
/// Counts P(t | s) = count(next source token is s and next target token is t) / count(next source token is s) over the byte boundaries
/// that both tokenizations of a reference text share. The most frequent t of each s are kept; the rest of the row is unmapped. Rows seen
/// too rarely fall back on <see cref="PrefixMap"/>. Equal vocabularies give the identity.
/// </summary>
public sealed class ProjectionMapBuilder
{
    private readonly Tokenizer _source;
    private readonly Tokenizer _target;
    private readonly Dictionary<(int Source, int Target), int> _pairs = [];
    private readonly BoundaryAligner _aligner = new();
    private int[] _rows = [];

    /// <summary>Starts counting.</summary>
    /// <param name="source">Tokenizer of the source model.</param>
    /// <param name="target">Tokenizer of the target model.</param>
    public ProjectionMapBuilder(Tokenizer source, Tokenizer target)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(target);
        _source = source;
        _target = target;
    }

    /// <summary>Target tokens kept per source token.</summary>
    public int MaximumTargets { get; init; } = 8;

    /// <summary>Rows seen fewer times fall back on the prefix rule.</summary>
    public int MinimumCount { get; init; } = 3;

    /// <summary>Shared boundaries counted so far.</summary>
    public long BoundaryCount { get; private set; }

    /// <summary>Tokenises a text with both tokenizers, special tokens included, and counts it.</summary>
    public void Add(string text) => Add(TokenSequence.From(_source.Encode(text)), TokenSequence.From(_target.Encode(text)));

    /// <summary>Counts a text.</summary>
    /// <param name="source">The text as the source tokenises it.</param>
    /// <param name="target">The same text as the target tokenises it.</param>
    /// <exception cref="TransfuseException">A token id lies outside its tokenizer's vocabulary.</exception>
    public void Add(TokenSequence source, TokenSequence target)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(target);
        CheckIds(source, _source, nameof(source));
        CheckIds(target, _target, nameof(target));
        if (_rows.Length < target.Count)
        {
            _rows = new int[target.Count];
        }

        var rows = _rows.AsSpan(0, target.Count);
        _aligner.Align(target, source, rows);
        for (var i = 0; i + 1 < rows.Length; i++)
        {
            if (rows[i] >= 0 && rows[i] + 1 < source.Count)
            {
                CollectionsMarshal.GetValueRefOrAddDefault(_pairs, (source.Ids[rows[i] + 1], target.Ids[i + 1]), out _)++;
                BoundaryCount++;
            }
        }
    }

    /// <summary>The map of everything counted so far.</summary>
    public VocabularyMap Build()
    {
        var counts = new (int Source, int Target, int Count)[_pairs.Count];
        var next = 0;
        foreach (var ((source, target), count) in _pairs)
        {
            counts[next++] = (source, target, count);
        }

        // By source; the most frequent first; the lower id first among equals: the order of the dictionary leaves no trace.
        Array.Sort(counts, static (a, b) => (a.Source, -a.Count, a.Target).CompareTo((b.Source, -b.Count, b.Target)));

        var fallback = PrefixMap.TargetOf(_source, _target);
        var starts = new int[fallback.Length + 1];
        var targets = new List<int>(counts.Length);
        var probabilities = new List<float>(counts.Length);
        var at = 0;
        for (var source = 0; source < fallback.Length; source++)
        {
            var end = at;
            while (end < counts.Length && counts[end].Source == source)
            {
                end++;
            }

            AppendRow(counts.AsSpan(at..end), IsSpecial(source), fallback[source], targets, probabilities);
            starts[source + 1] = targets.Count;
            at = end;
        }

        return new VocabularyMap(
            VocabularyMapKind.Projection, _source.ContentHash, _target.ContentHash, _target.VocabularySize, starts, [.. targets], [.. probabilities]);
    }

    private bool IsSpecial(int source) => source == _source.BosId || source == _source.EosId;

    private void AppendRow(
        ReadOnlySpan<(int Source, int Target, int Count)> row, bool isSpecial, int fallback, List<int> targets, List<float> probabilities)
    {
        var total = 0L;
        foreach (var entry in row)
        {
            total += entry.Count;
        }

        if (total < MinimumCount || isSpecial)
        {
            if (fallback >= 0)
            {
                targets.Add(fallback);
                probabilities.Add(1);
            }

            return;
        }

        foreach (var entry in row[..Math.Min(row.Length, MaximumTargets)])
        {
            targets.Add(entry.Target);
            probabilities.Add((float)((double)entry.Count / total));
        }
    }

    private static void CheckIds(TokenSequence sequence, Tokenizer tokenizer, string side)
    {
        foreach (var id in sequence.Ids)
        {
            if ((uint)id >= (uint)tokenizer.VocabularySize)
            {
                throw new TransfuseException(
                    $"The {side} text holds token {id}, but its tokenizer has {tokenizer.VocabularySize} tokens. "
                    + "Tokenise the reference text with the tokenizers that the map is built for.");
            }
        }
    }
}
