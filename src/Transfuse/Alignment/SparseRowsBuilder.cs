namespace Transfuse.Alignment;

/// <summary>Sparse rows being written one after another into buffers that are reused from document to document.</summary>
internal sealed class SparseRowsBuilder
{
    private int[] _starts = new int[1];
    private float[] _rest = [];
    private int[] _ids = new int[1024];
    private float[] _probabilities = new float[1024];
    private int _rows;
    private int _entries;

    internal void Reset(int rows)
    {
        _rows = 0;
        _entries = 0;
        if (_rest.Length < rows)
        {
            _rest = new float[rows];
            _starts = new int[rows + 1];
        }
    }

    /// <summary>Adds an entry to the row that <see cref="EndRow"/> closes.</summary>
    internal void Add(int id, float probability)
    {
        if (_entries == _ids.Length)
        {
            Array.Resize(ref _ids, 2 * _entries);
            Array.Resize(ref _probabilities, 2 * _entries);
        }

        _ids[_entries] = id;
        _probabilities[_entries++] = probability;
    }

    internal void EndRow(float restMass)
    {
        _rest[_rows++] = restMass;
        _starts[_rows] = _entries;
    }

    internal int[] Starts() => _starts.AsSpan(0, _rows + 1).ToArray();

    internal int[] Ids() => _ids.AsSpan(0, _entries).ToArray();

    internal float[] Probabilities() => _probabilities.AsSpan(0, _entries).ToArray();

    internal float[] RestMass() => _rest.AsSpan(0, _rows).ToArray();
}
