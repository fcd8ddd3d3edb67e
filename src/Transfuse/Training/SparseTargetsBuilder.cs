using Transfuse.Tensors.Devices;

namespace Transfuse.Training;

/// <summary>Puts rows of several documents' teacher distributions together.</summary>
internal sealed class SparseTargetsBuilder
{
    private readonly List<int> _ids = [];
    private readonly List<float> _probabilities = [];
    private readonly int[] _rowStarts;
    private readonly float[] _restMass;
    private readonly float[] _weights;
    private int _rows;

    internal SparseTargetsBuilder(int rows)
    {
        _rowStarts = new int[rows + 1];
        _restMass = new float[rows];
        _weights = new float[rows];
    }

    /// <summary>Adds <paramref name="count"/> rows from <paramref name="first"/>; without a teacher they are rows of weight 0.</summary>
    internal void Add(SparseTargets? source, int first, int count)
    {
        for (var row = first; row < first + count; row++)
        {
            if (source is not null && source.Weights.Span[row] > 0)
            {
                var entries = source.RowStarts.Span[row]..source.RowStarts.Span[row + 1];
                _ids.AddRange(source.Ids.Span[entries]);
                _probabilities.AddRange(source.Probabilities.Span[entries]);
                _restMass[_rows] = source.RestMass.Span[row];
                _weights[_rows] = source.Weights.Span[row];
            }

            _rows++;
            _rowStarts[_rows] = _ids.Count;
        }
    }

    internal SparseTargets Build() => new()
    {
        RowStarts = _rowStarts,
        Ids = _ids.ToArray(),
        Probabilities = _probabilities.ToArray(),
        RestMass = _restMass,
        Weights = _weights,
    };
}
