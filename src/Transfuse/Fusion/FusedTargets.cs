using Transfuse.Tensors.Devices;

namespace Transfuse.Fusion;

/// <summary>
/// What the target is to predict at each of its positions according to the sources. Position i has the entries <c>Starts[i]</c> to
/// <c>Starts[i + 1]</c>, the distribution of what follows token i.
/// </summary>
/// <param name="Starts">Start of each position's entries and the end of the last: positions + 1 numbers.</param>
/// <param name="Ids">Target vocabulary ids, none twice at a position.</param>
/// <param name="Probabilities">Probability of each id.</param>
/// <param name="RestMass">Per position, the mass on all other ids together.</param>
/// <param name="Weights">Per position, 1 where a source spoke and 0 where none did.</param>
public sealed record FusedTargets(int[] Starts, int[] Ids, float[] Probabilities, float[] RestMass, float[] Weights)
{
    /// <summary>Number of positions.</summary>
    public int Count => Weights.Length;

    /// <summary>Ids kept at a position.</summary>
    public ReadOnlySpan<int> IdsAt(int position) => Ids.AsSpan(Starts[position]..Starts[position + 1]);

    /// <summary>Their probabilities.</summary>
    public ReadOnlySpan<float> ProbabilitiesAt(int position) => Probabilities.AsSpan(Starts[position]..Starts[position + 1]);

    /// <summary>Positions laid end to end.</summary>
    public static FusedTargets Concatenate(IReadOnlyList<FusedTargets> parts)
    {
        ArgumentNullException.ThrowIfNull(parts);
        var starts = new int[parts.Sum(part => part.Count) + 1];
        var at = 0;
        foreach (var part in parts)
        {
            for (var i = 0; i < part.Count; i++, at++)
            {
                starts[at + 1] = starts[at] + part.Starts[i + 1] - part.Starts[i];
            }
        }

        return new FusedTargets(
            starts,
            [.. parts.SelectMany(part => part.Ids)],
            [.. parts.SelectMany(part => part.Probabilities)],
            [.. parts.SelectMany(part => part.RestMass)],
            [.. parts.SelectMany(part => part.Weights)]);
    }

    /// <summary>Some consecutive positions, copied.</summary>
    /// <param name="start">First position.</param>
    /// <param name="count">Number of positions.</param>
    public FusedTargets Slice(int start, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, Count - start);
        var (first, last) = (Starts[start], Starts[start + count]);
        return new FusedTargets(
            Array.ConvertAll(Starts[start..(start + count + 1)], position => position - first),
            Ids[first..last],
            Probabilities[first..last],
            RestMass[start..(start + count)],
            Weights[start..(start + count)]);
    }

    /// <summary>The form that the loss takes; shares this object's arrays.</summary>
    public SparseTargets ToSparseTargets() => new()
    {
        RowStarts = Starts,
        Ids = Ids,
        Probabilities = Probabilities,
        RestMass = RestMass,
        Weights = Weights,
    };
}
