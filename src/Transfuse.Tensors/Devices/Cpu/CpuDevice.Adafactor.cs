using Transfuse.Tensors.Devices.Cpu.Optimizer;
using Transfuse.Tensors.Errors;
using Transfuse.Tensors.Memory;

namespace Transfuse.Tensors.Devices.Cpu;

public sealed unsafe partial class CpuDevice
{
    // Rows of one task: few enough for float32 sums of a column, many enough that the tasks' columns take little memory.
    internal const int AdafactorRows = 64;

    private const double LargestFactor = 1e30;

    /// <inheritdoc/>
    /// <remarks>Sums over rows and the size of the update are in double; those over columns in float32 within 64 rows, then in double.</remarks>
    public override void Adafactor(
        Tensor parameter, Tensor gradient, Tensor rowMoments, Tensor? columnMoments, Tensor? firstMoment, in AdafactorArguments arguments)
    {
        RequireSameLength(nameof(Adafactor), parameter, gradient);
        if (firstMoment is not null)
        {
            RequireSameLength(nameof(Adafactor), parameter, firstMoment);
        }

        var (rows, columns) = (parameter.Rows, parameter.Columns);
        if (rowMoments.Length != rows || (columnMoments is null ? columns != 1 : columnMoments.Length != columns))
        {
            throw new ShapeMismatchException(
                nameof(Adafactor), $"{parameter.Shape} with moments {rowMoments.Shape} and {columnMoments?.Shape.ToString() ?? "none"}", "moments for each row and column");
        }

        if (parameter.Length == 0)
        {
            return;
        }

        var blocks = WorkBlocks.OfSize(rows, columns, AdafactorRows, columns);
        using var factors = new ScratchMemory(Memory, rows + (long)columns);
        var rowFactors = factors.Data;
        var columnFactors = factors.Data + rows;
        UpdateMoments(gradient, rowMoments, columnMoments, blocks, arguments);
        FillFactors(rowMoments, columnMoments, rowFactors, columnFactors, arguments);

        // Bound of the product of both factors.
        var largest = arguments.LeastRoot > 0 ? arguments.GradientScale / arguments.LeastRoot : float.PositiveInfinity;

        using var scratch = new ScratchMemory(Memory, 2L * blocks.TaskCount);
        var sums = (double*)scratch.Data;
        Run(blocks.TaskCount, new AdafactorUpdateSizeBody(gradient.Data, columns, blocks, rowFactors, columnFactors, largest, sums));
        var size = Math.Sqrt(new ReadOnlySpan<double>(sums, blocks.TaskCount).ToArray().Sum() / parameter.Length);
        var step = (float)(arguments.StepSize / Math.Max(1, size / arguments.ClipThreshold));
        for (var row = 0; row < rows; row++)
        {
            rowFactors[row] *= step;
        }

        Run(blocks.TaskCount, new AdafactorStepBody(
            parameter.Data, gradient.Data, firstMoment is null ? null : firstMoment.Data, columns, blocks, rowFactors, columnFactors,
            float.IsInfinity(largest) ? largest : step * largest, (float)(1 - arguments.Decay), arguments.Beta1));
    }

    // Moments ← β₂·moments + (1 − β₂)·(mean g² + ε), over the columns of each row and the rows of each column.
    private void UpdateMoments(Tensor gradient, Tensor rowMoments, Tensor? columnMoments, WorkBlocks blocks, in AdafactorArguments arguments)
    {
        var (rows, columns) = (gradient.Rows, gradient.Columns);
        using var scratch = new ScratchMemory(Memory, (2L * rows) + ((long)blocks.TaskCount * columns));
        var rowSums = (double*)scratch.Data;
        var columnSums = scratch.Data + (2L * rows);
        Run(blocks.TaskCount, new AdafactorMomentsBody(gradient.Data, columns, blocks, rowSums, columnSums));
        var scale = (double)arguments.GradientScale * arguments.GradientScale;
        for (var row = 0; row < rows; row++)
        {
            rowMoments.Data[row] = Decayed(rowMoments.Data[row], (rowSums[row] * scale / columns) + arguments.Epsilon, arguments.Beta2);
        }

        for (var column = 0; columnMoments is not null && column < columns; column++)
        {
            var sum = 0.0;
            for (var task = 0; task < blocks.TaskCount; task++)
            {
                sum += columnSums[((nint)task * columns) + column];
            }

            columnMoments.Data[column] = Decayed(columnMoments.Data[column], (sum * scale / rows) + arguments.Epsilon, arguments.Beta2);
        }
    }

    // The update is rowFactor·columnFactor·g = g/√(row·column/mean(row)), or g/√moment of a vector. Of a row or
    // column that never had a gradient, nothing is divided; a factor that is not infinite keeps 0·∞ out.
    private static void FillFactors(Tensor rowMoments, Tensor? columnMoments, float* rowFactors, float* columnFactors, in AdafactorArguments arguments)
    {
        var mean = 1.0;
        if (columnMoments is not null)
        {
            mean = 0;
            foreach (var moment in rowMoments.AsSpan())
            {
                mean += moment;
            }

            mean = Math.Max(mean / rowMoments.Length, arguments.LeastRoot);
        }

        for (var row = 0; row < rowMoments.Length; row++)
        {
            rowFactors[row] = (float)Math.Min(LargestFactor, arguments.GradientScale * Math.Sqrt(mean / rowMoments.Data[row]));
        }

        columnFactors[0] = 1;
        for (var column = 0; column < columnMoments?.Length; column++)
        {
            columnFactors[column] = (float)Math.Min(LargestFactor, 1 / Math.Sqrt(columnMoments.Data[column]));
        }
    }

    private static float Decayed(float moment, double value, double beta) => (float)((beta * moment) + ((1 - beta) * value));
}
