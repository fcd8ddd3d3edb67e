using Transfuse.Checkpoints.Safetensors;
using Transfuse.Tensors;

namespace Transfuse.Models;

/// <summary>A tensor of the checkpoint file that makes up a parameter, or some rows of a fused one.</summary>
/// <param name="FileName">Its name in the file.</param>
/// <param name="Shape">Its shape in the file.</param>
/// <param name="IsTransposed">Whether the file has [in, out] where the parameter has [out, in] (GPT-2's Conv1D).</param>
internal sealed record WeightPart(string FileName, Shape Shape, bool IsTransposed = false)
{
    /// <summary>Takes the next elements.</summary>
    internal delegate void SpanWriter(ReadOnlySpan<float> values);

    /// <summary>Rows of the parameter that are its own.</summary>
    internal int Rows => Shape[IsTransposed ? 1 : 0];

    /// <summary>Fills <paramref name="rows"/> of the parameter with the elements of a file's tensor.</summary>
    internal void Fill(Tensor rows, SafetensorsFile file, SafetensorsEntry entry)
    {
        if (!IsTransposed)
        {
            file.ReadSingles(entry, 0, rows);
            return;
        }

        var line = new float[Shape[1]];
        for (var column = 0; column < Shape[0]; column++)
        {
            file.ReadSingles(entry, (long)column * line.Length, line);
            for (var row = 0; row < line.Length; row++)
            {
                rows.Row(row)[column] = line[row];
            }
        }
    }

    /// <summary>Hands the elements of <paramref name="rows"/> of the parameter to <paramref name="write"/> in the file's order, piece by piece.</summary>
    internal void Pour(Tensor rows, SpanWriter write)
    {
        if (!IsTransposed && rows.Length <= int.MaxValue)
        {
            write(rows.AsSpan());
            return;
        }

        if (!IsTransposed)
        {
            for (var row = 0; row < rows.Rows; row++)
            {
                write(rows.Row(row));
            }

            return;
        }

        var line = new float[Shape[1]];
        for (var column = 0; column < Shape[0]; column++)
        {
            for (var row = 0; row < line.Length; row++)
            {
                line[row] = rows.Row(row)[column];
            }

            write(line);
        }
    }
}
