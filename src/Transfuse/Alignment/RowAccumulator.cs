namespace Transfuse.Alignment;

/// <summary>
/// One sparse row being summed: probabilities by id over a dense index, so that an addition costs the same however many entries there
/// are. Reused from row to row without clearing: an index entry counts only if it bears the row's stamp.
/// </summary>
internal sealed class RowAccumulator
{
    private readonly int[] _slotOf;
    private readonly int[] _stampOf;
    private int[] _ids = new int[64];
    private double[] _masses = new double[64];
    private int _stamp;

    internal RowAccumulator(int vocabularySize)
    {
        _slotOf = new int[vocabularySize];
        _stampOf = new int[vocabularySize];
    }

    internal int Count { get; private set; }

    internal ReadOnlySpan<int> Ids => _ids.AsSpan(0, Count);

    internal Span<double> Masses => _masses.AsSpan(0, Count);

    internal void Clear()
    {
        Count = 0;
        if (++_stamp == 0)
        {
            Array.Clear(_stampOf);
            _stamp = 1;
        }
    }

    /// <summary>Adds mass to an id; under <see cref="DuplicatePolicy.First"/> an id that is present keeps what it has.</summary>
    internal void Add(int id, double mass, DuplicatePolicy duplicates)
    {
        if (_stampOf[id] == _stamp)
        {
            if (duplicates == DuplicatePolicy.Sum)
            {
                _masses[_slotOf[id]] += mass;
            }

            return;
        }

        if (Count == _ids.Length)
        {
            Array.Resize(ref _ids, 2 * Count);
            Array.Resize(ref _masses, 2 * Count);
        }

        _stampOf[id] = _stamp;
        _slotOf[id] = Count;
        _ids[Count] = id;
        _masses[Count++] = mass;
    }

    /// <summary>Keeps the entries of greatest mass, in descending order (lower id first among equals). Nothing happens if there are no more.</summary>
    internal void Truncate(int maximum)
    {
        if (Count <= maximum)
        {
            return;
        }

        Masses.Sort(_ids.AsSpan(0, Count), static (a, b) => b.CompareTo(a));
        OrderEqualMassesById();
        Count = maximum;
    }

    internal double Sum()
    {
        var sum = 0.0;
        foreach (var mass in Masses)
        {
            sum += mass;
        }

        return sum;
    }

    /// <summary>The sort is not stable; ordering equal masses by id leaves one possible result.</summary>
    private void OrderEqualMassesById()
    {
        for (var start = 0; start < Count;)
        {
            var end = start + 1;
            while (end < Count && _masses[end] == _masses[start])
            {
                end++;
            }

            _ids.AsSpan(start, end - start).Sort();
            start = end;
        }
    }
}
