using Transfuse.Models;

namespace Transfuse.Generation;

/// <summary>What each sequence has read, for sessions without cache, which read it all again.</summary>
internal sealed class Histories(int sequences)
{
    private List<int>[] _read = [.. Enumerable.Range(0, sequences).Select(_ => new List<int>())];

    /// <summary>Adds tokens and gives back the whole texts of those sequences that got some.</summary>
    internal TokenBatch Extend(IReadOnlyList<IReadOnlyList<int>> tokens)
    {
        int[] extended = [.. Enumerable.Range(0, tokens.Count).Where(sequence => tokens[sequence].Count > 0)];
        foreach (var sequence in extended)
        {
            _read[sequence].AddRange(tokens[sequence]);
        }

        return TokenBatch.FromLengths(
            [.. extended.SelectMany(sequence => _read[sequence])], [.. extended.Select(sequence => _read[sequence].Count)]);
    }

    internal void Reorder(ReadOnlySpan<int> parents)
    {
        var read = new List<int>[parents.Length];
        for (var i = 0; i < read.Length; i++)
        {
            read[i] = [.. _read[parents[i]]];
        }

        _read = read;
    }
}
