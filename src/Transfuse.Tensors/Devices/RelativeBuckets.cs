namespace Transfuse.Tensors.Devices;

/// <summary>
/// How distances between tokens share the rows of a learned bias (Raffel et al. 2020, T5 §2.1): near distances have a row each, farther ones
/// share rows whose width grows with the logarithm of the distance, and everything from <see cref="MaxDistance"/> on shares the last.
/// </summary>
/// <param name="Count">Number of rows; even where <paramref name="IsBidirectional"/>, which gives half of them to keys after the query.</param>
/// <param name="MaxDistance">Distance from which on all are alike; more than the number of near distances.</param>
/// <param name="IsBidirectional">Whether keys after the query are told from those before it; otherwise they count as distance 0.</param>
public sealed record RelativeBuckets(int Count, int MaxDistance, bool IsBidirectional)
{
    private int PerSide => IsBidirectional ? Count / 2 : Count;

    // Distances with a row of their own.
    private int Exact => PerSide / 2;

    /// <summary>All problems, as clauses; empty if the buckets can be used.</summary>
    public IEnumerable<string> Problems()
    {
        if (Exact < 1 || (IsBidirectional && Count % 2 != 0))
        {
            yield return IsBidirectional ? $"{Count} buckets in both directions, expected an even number of at least 4" : $"{Count} buckets, expected at least 2";
        }
        else if (MaxDistance <= Exact)
        {
            yield return $"a largest distance of {MaxDistance}, expected more than the {Exact} that have a bucket each";
        }
    }

    /// <summary>The row of a distance: position of the query minus position of the key.</summary>
    /// <remarks>The logarithm is taken in float32, as the original implementations do: at the borders of rows the type decides.</remarks>
    public int Of(int distance)
    {
        var firstRow = IsBidirectional && distance < 0 ? PerSide : 0;
        var magnitude = IsBidirectional ? Math.Abs((long)distance) : Math.Max(distance, 0);
        if (magnitude < Exact)
        {
            return firstRow + (int)magnitude;
        }

        var share = MathF.Log((float)magnitude / Exact) / (float)Math.Log((double)MaxDistance / Exact);
        return firstRow + Math.Min(PerSide - 1, Exact + (int)(share * (PerSide - Exact)));
    }
}
