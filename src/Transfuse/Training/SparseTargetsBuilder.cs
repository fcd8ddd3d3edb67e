using Transfuse.Tensors.Devices;

namespace Transfuse.Training;

/// <summary>Puts rows of several documents' teacher distributions together, in arrays that serve again after <see cref="Clear"/>.</summary>
internal sealed class SparseTargetsBuilder
{
    private readonly int[] _rowStarts;
    private readonly float[] _restMass;
    private readonly float[] _weights;
    private int[] _ids = [];
    private float[] _probabilities = [];
    private int _entries;
    private int _rows;

    internal SparseTargetsBuilder(int rows)
    {
        _rowStarts = new int[rows + 1];
        _restMass = new float[rows];
        _weights = new float[rows];
    }

    /// <summary>Begins anew; what was built before is not valid any more.</summary>
    internal void Clear()
    {
        (_rows, _entries) = (0, 0);
        Array.Clear(_restMass);
        Array.Clear(_weights);
    }

    /// <summary>Adds <paramref name="count"/> rows from <paramref name="first"/>; without a teacher they are rows of weight 0.</summary>
    internal void Add(SparseTargets? source, int first, int count)
    {
        for (var row = first; row < first + count; row++)
        {
            if (source is not null && source.Weights.Span[row] > 0)
            {
                var entries = source.RowStarts.Span[row]..source.RowStarts.Span[row + 1];
                Append(source.Ids.Span[entries], source.Probabilities.Span[entries]);
                _restMass[_rows] = source.RestMass.Span[row];
                _weights[_rows] = source.Weights.Span[row];
            }

            _rows++;
            _rowStarts[_rows] = _entries;
        }
    }

    internal SparseTargets Build() => new()
    {
        RowStarts = _rowStarts,
        Ids = _ids.AsMemory(0, _entries),
        Probabilities = _probabilities.AsMemory(0, _entries),
        RestMass = _restMass,
        Weights = _weights,
    };

    private void Append(ReadOnlySpan<int> ids, ReadOnlySpan<float> probabilities)
    {
        var end = _entries + ids.Length;
        if (end > _ids.Length)
        {
            var room = Math.Max(end, 2 * _ids.Length);
            Array.Resize(ref _ids, room);
            Array.Resize(ref _probabilities, room);
        }

        ids.CopyTo(_ids.AsSpan(_entries));
        probabilities.CopyTo(_probabilities.AsSpan(_entries));
        _entries = end;
    }
}
