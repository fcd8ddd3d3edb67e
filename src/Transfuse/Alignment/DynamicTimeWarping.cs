using Transfuse.Errors;

namespace Transfuse.Alignment;

/// <summary>
/// Dynamic time warping of two token sequences (FuseLLM, after Fu et al. 2023): D[j,i] = cost(j,i) + min(D[j−1,i], D[j,i−1], D[j−1,i−1]),
/// source j, target i; the path runs back from the last cell, to the least neighbour, ties by <see cref="TieOrder"/>. Exact over the whole
/// matrix, of which one byte a cell is kept. Not thread safe.
/// </summary>
public sealed class DynamicTimeWarping
{
    private const long MaximumCells = 1L << 30;
    private const int Infinite = int.MaxValue / 2;
    private const byte Diagonal = 0;
    private const byte SourceBack = 1;
    private const byte TargetBack = 2;
    private readonly PieceDistance _cost;
    private readonly TieOrder _order;
    private int[] _table = [];
    private byte[] _steps = [];
    private int[] _row = [];

    /// <summary>Creates the algorithm.</summary>
    /// <param name="cost">Cost of a token pair.</param>
    /// <param name="order">Preference among equal steps.</param>
    public DynamicTimeWarping(PieceDistance cost, TieOrder order)
    {
        ArgumentNullException.ThrowIfNull(cost);
        _cost = cost;
        _order = order;
    }

    /// <summary>Matches the tokens of two tokenisations of a text.</summary>
    /// <param name="source">Source token ids, at least one.</param>
    /// <param name="target">Target token ids, at least one.</param>
    /// <exception cref="TransfuseException">A side is empty, or the matrix would be too large.</exception>
    public WarpingPath Align(ReadOnlySpan<int> source, ReadOnlySpan<int> target)
    {
        if (source.IsEmpty || target.IsEmpty)
        {
            throw new TransfuseException(
                $"Dynamic time warping needs tokens on both sides; found {source.Length} source and {target.Length} target tokens.");
        }

        var cells = (long)source.Length * target.Length;
        if (cells > MaximumCells)
        {
            throw new TransfuseException(
                $"Dynamic time warping of {source.Length} by {target.Length} tokens needs {cells} cells; the limit is {MaximumCells}. "
                + "Split the text, or align by byte boundaries.");
        }

        if (_steps.Length < cells)
        {
            _steps = new byte[cells];
        }

        var total = Fill(source, target);
        return Trace(source.Length, target.Length, total);
    }

    private int Fill(ReadOnlySpan<int> source, ReadOnlySpan<int> target)
    {
        var (sourceKinds, sourceIds) = Distinct(source);
        var (targetKinds, targetIds) = Distinct(target);
        FillTable(sourceIds, targetIds);
        if (_row.Length <= target.Length)
        {
            _row = new int[target.Length + 1];
        }

        // row[i + 1] holds D[j − 1, i] until it is overwritten with D[j, i]; row[0] is the border left of the matrix.
        var row = _row.AsSpan(0, target.Length + 1);
        row.Fill(Infinite);
        for (var j = 0; j < source.Length; j++)
        {
            var costs = _table.AsSpan(sourceKinds[j] * targetIds.Count, targetIds.Count);
            var steps = _steps.AsSpan(j * target.Length, target.Length);
            var diagonal = j == 0 ? 0 : Infinite;
            for (var i = 0; i < target.Length; i++)
            {
                var (above, left) = (row[i + 1], row[i]);
                var (least, step) = Best(diagonal, above, left);
                steps[i] = step;
                diagonal = above;
                row[i + 1] = least + costs[targetKinds[i]];
            }
        }

        return row[^1];
    }

    private (int Least, byte Step) Best(int diagonal, int sourceBack, int targetBack)
    {
        var least = Math.Min(diagonal, Math.Min(sourceBack, targetBack));
        if (least == diagonal)
        {
            return (least, Diagonal);
        }

        return _order == TieOrder.FuseLlm
            ? (least, least == sourceBack ? SourceBack : TargetBack)
            : (least, least == targetBack ? TargetBack : SourceBack);
    }

    private void FillTable(List<int> sourceIds, List<int> targetIds)
    {
        var size = sourceIds.Count * targetIds.Count;
        if (_table.Length < size)
        {
            _table = new int[size];
        }

        var at = 0;
        foreach (var sourceId in sourceIds)
        {
            foreach (var targetId in targetIds)
            {
                _table[at++] = _cost.Between(sourceId, targetId);
            }
        }
    }

    private WarpingPath Trace(int sourceCount, int targetCount, int total)
    {
        var path = new List<(int Source, int Target)>(sourceCount + targetCount);
        var (j, i) = (sourceCount - 1, targetCount - 1);
        path.Add((j, i));
        while (j > 0 || i > 0)
        {
            var step = _steps[((long)j * targetCount) + i];
            j -= step == TargetBack ? 0 : 1;
            i -= step == SourceBack ? 0 : 1;
            path.Add((j, i));
        }

        path.Reverse();
        var starts = new int[targetCount + 1];
        var positions = new int[path.Count];
        for (var k = 0; k < path.Count; k++)
        {
            positions[k] = path[k].Source;
            starts[path[k].Target + 1] = k + 1;
        }

        return new WarpingPath(starts, positions, total);
    }

    /// <summary>Numbers the distinct ids of a sequence: the number of each position, and the id of each number.</summary>
    private static (int[] Kinds, List<int> Ids) Distinct(ReadOnlySpan<int> sequence)
    {
        var numbers = new Dictionary<int, int>();
        var ids = new List<int>();
        var kinds = new int[sequence.Length];
        for (var i = 0; i < sequence.Length; i++)
        {
            if (!numbers.TryGetValue(sequence[i], out kinds[i]))
            {
                kinds[i] = ids.Count;
                numbers.Add(sequence[i], kinds[i]);
                ids.Add(sequence[i]);
            }
        }

        return (kinds, ids);
    }
}
