namespace Transfuse.Tokenization.Bpe;

/// <summary>The symbols of a piece as a doubly linked list in arrays.</summary>
internal sealed class BpeSymbols
{
    private int[] _ids = [];
    private int[] _starts = [];
    private int[] _ends = [];
    private int[] _next = [];
    private int[] _previous = [];
    private int[] _ranks = [];
    private int[] _results = [];

    /// <summary>Number of symbols added.</summary>
    public int Count { get; private set; }

    /// <summary>Ids.</summary>
    public int[] Ids => _ids;

    /// <summary>First bytes.</summary>
    public int[] Starts => _starts;

    /// <summary>Bytes after the last.</summary>
    public int[] Ends => _ends;

    /// <summary>The symbol after each, -1 at the end.</summary>
    public int[] Next => _next;

    /// <summary>The symbol before each, -1 at the beginning, -2 for a symbol that was merged away.</summary>
    public int[] Previous => _previous;

    /// <summary>Rank of the pair that begins at each symbol.</summary>
    public int[] Ranks => _ranks;

    /// <summary>What that pair becomes.</summary>
    public int[] Results => _results;

    /// <summary>The first symbol, or -1.</summary>
    public int First => Count == 0 ? -1 : 0;

    /// <summary>Starts anew with room for symbols.</summary>
    public void Reset(int capacity)
    {
        Count = 0;
        // A prefix or suffix spelled in bytes can add symbols; Add grows then.
        Reserve(capacity);
    }

    /// <summary>Appends a symbol.</summary>
    public void Add(int id, int start, int end)
    {
        Reserve(Count + 1);
        _ids[Count] = id;
        _starts[Count] = start;
        _ends[Count] = end;
        _next[Count] = -1;
        _previous[Count] = Count - 1;
        if (Count > 0)
        {
            _next[Count - 1] = Count;
        }

        Count++;
    }

    /// <summary>Lets the last symbol reach further.</summary>
    public void ExtendLast(int end) => _ends[Count - 1] = end;

    /// <summary>Whether a symbol was not merged away.</summary>
    public bool IsAlive(int index) => _previous[index] != -2;

    /// <summary>Joins a symbol with the one after it.</summary>
    public void Merge(int index, int id)
    {
        var right = _next[index];
        _ids[index] = id;
        _ends[index] = _ends[right];
        _next[index] = _next[right];
        _previous[right] = -2;
        if (_next[index] >= 0)
        {
            _previous[_next[index]] = index;
        }
    }

    private void Reserve(int count)
    {
        if (count <= _ids.Length)
        {
            return;
        }

        var size = Math.Max(count, Math.Max(64, 2 * _ids.Length));
        Array.Resize(ref _ids, size);
        Array.Resize(ref _starts, size);
        Array.Resize(ref _ends, size);
        Array.Resize(ref _next, size);
        Array.Resize(ref _previous, size);
        Array.Resize(ref _ranks, size);
        Array.Resize(ref _results, size);
    }
}
