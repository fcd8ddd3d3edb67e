using Transfuse.Tensors.Devices.Cpu.Embedding;

namespace Transfuse.Tensors.Devices.Cpu;

public sealed unsafe partial class CpuDevice
{
    /// <inheritdoc/>
    public override void Embed(ReadOnlyMemory<int> ids, Tensor table, float factor, Tensor destination)
    {
        RequireEmbedding(nameof(Embed), ids.Span, table, destination);
        fixed (int* pointer = ids.Span)
        {
            if (table.Resting is { } resting)
            {
                ForEachRow(new RestingEmbedKernel(pointer, resting, destination.Data), ids.Length, table.Columns);
                if (factor != 1)
                {
                    Scale(destination, factor, destination, accumulate: false);
                }

                return;
            }

            ForEach(new EmbedKernel(pointer, RowsOf(table), factor, RowsOf(destination)), ids.Length, table.Columns);
        }
    }

    /// <inheritdoc/>
    public override void EmbedBackward(ReadOnlyMemory<int> ids, float factor, Tensor dy, Tensor dTable)
    {
        RequireEmbedding(nameof(EmbedBackward), ids.Span, dTable, dy);
        fixed (int* pointer = ids.Span)
        {
            var body = new EmbedBackwardBody(pointer, ids.Length, factor, dy.Data, dTable.Data, dTable.Columns);
            Run(body.TaskCount, body);
        }
    }

    private static void RequireEmbedding(string operation, ReadOnlySpan<int> ids, Tensor table, Tensor rows)
    {
        ArgumentNullException.ThrowIfNull(table);
        ArgumentNullException.ThrowIfNull(rows);
        Require(rows.Length == (long)ids.Length * table.Columns, operation, rows, "a row an id, as wide as those of", table);
        for (var i = 0; i < ids.Length; i++)
        {
            if ((uint)ids[i] >= (uint)table.Rows)
            {
                throw new ArgumentOutOfRangeException(
                    nameof(ids), ids[i], $"{operation}: the id at row {i} is outside the table of {table.Rows} rows.");
            }
        }
    }
}
