namespace Transfuse.Tensors.Devices.Cpu;

/// <summary>How rows × columns of memory-bound work are cut into tasks: by the shape alone, so that results never depend on threads.</summary>
/// <remarks>A task is about 16 k elements (64 kB): long against the few microseconds that starting a loop costs, short against a cache.</remarks>
internal readonly struct WorkBlocks
{
    private const int ElementsPerTask = 16 * 1024;

    private readonly long _rows;
    private readonly long _columns;
    private readonly long _rowsPerTask;
    private readonly long _columnsPerTask;
    private readonly long _columnTasks;

    private WorkBlocks(long rows, long columns, long rowsPerTask, long columnsPerTask)
    {
        _rows = rows;
        _columns = columns;
        _rowsPerTask = rowsPerTask;
        _columnsPerTask = columnsPerTask;
        _columnTasks = Blocks(columns, columnsPerTask);
        TaskCount = checked((int)(Blocks(rows, rowsPerTask) * _columnTasks));
    }

    /// <summary>Number of tasks; 0 where there is nothing to do.</summary>
    internal int TaskCount { get; }

    /// <summary>Rectangles of any form: for work in which every element stands alone.</summary>
    internal static WorkBlocks Of(long rows, long columns) =>
        new(rows, columns, RowsFor(columns), Math.Min(Math.Max(columns, 1), ElementsPerTask));

    /// <summary>Whole rows: for work that reduces along a row.</summary>
    internal static WorkBlocks OfRows(long rows, long columns) => new(rows, columns, RowsFor(columns), Math.Max(columns, 1));

    /// <summary>Rectangles of a given size: for partial sums, whose grouping is part of the result.</summary>
    internal static WorkBlocks OfSize(long rows, long columns, long rowsPerTask, long columnsPerTask) =>
        new(rows, columns, rowsPerTask, columnsPerTask);

    /// <summary>Number of blocks of <paramref name="size"/> that cover <paramref name="length"/>.</summary>
    internal static long Blocks(long length, long size) => (length + size - 1) / size;

    /// <summary>The rectangle of task <paramref name="task"/>.</summary>
    internal (long FirstRow, long EndRow, long FirstColumn, long EndColumn) this[int task]
    {
        get
        {
            var (rowTask, columnTask) = Math.DivRem(task, _columnTasks);
            var row = rowTask * _rowsPerTask;
            var column = columnTask * _columnsPerTask;
            return (row, Math.Min(row + _rowsPerTask, _rows), column, Math.Min(column + _columnsPerTask, _columns));
        }
    }

    private static long RowsFor(long columns) => Math.Max(1, ElementsPerTask / Math.Max(columns, 1));
}
