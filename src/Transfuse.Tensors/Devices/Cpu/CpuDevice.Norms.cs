using Transfuse.Tensors.Devices.Cpu.Norms;
using Transfuse.Tensors.Memory;

namespace Transfuse.Tensors.Devices.Cpu;

public sealed unsafe partial class CpuDevice
{
    /// <inheritdoc/>
    public override void RmsNorm(Tensor x, Tensor weight, float weightOffset, float epsilon, Tensor y, Tensor inverseRms)
    {
        RequireNorm(nameof(RmsNorm), x, weight, y, inverseRms, statisticsPerRow: 1);
        ForEachRow(new RmsNormKernel(x.Data, weight.Data, weightOffset, epsilon, y.Data, inverseRms.Data, x.Columns), x.Rows, x.Columns);
    }

    /// <inheritdoc/>
    public override void RmsNormBackward(
        Tensor x, Tensor weight, float weightOffset, Tensor inverseRms, Tensor dy, Tensor dx, bool accumulate, Tensor? dWeight)
    {
        RequireNorm(nameof(RmsNormBackward), x, weight, dy, inverseRms, statisticsPerRow: 1);
        RequireSameLength(nameof(RmsNormBackward), x, dx);
        RequireSameLengthOrNull(nameof(RmsNormBackward), weight, dWeight);
        var blocks = WorkBlocks.Blocks(x.Rows, RmsNormBackwardBody.RowsPerBlock);
        using var dWeightBlocks = new ScratchMemory(Memory, blocks * x.Columns);
        var body = new RmsNormBackwardBody(
            x.Data, weight.Data, weightOffset, inverseRms.Data, dy.Data, dx.Data, accumulate, dWeightBlocks.Data, x.Rows, x.Columns);
        Run(body.TaskCount, body);
        if (dWeight is not null)
        {
            SumRows(dWeightBlocks.Data, blocks, x.Columns, dWeight.Data, accumulate: true);
        }
    }

    /// <inheritdoc/>
    public override void LayerNorm(Tensor x, Tensor weight, Tensor? bias, float epsilon, Tensor y, Tensor statistics)
    {
        RequireNorm(nameof(LayerNorm), x, weight, y, statistics, statisticsPerRow: 2);
        RequireSameLengthOrNull(nameof(LayerNorm), weight, bias);
        var biasData = bias is null ? null : bias.Data;
        ForEachRow(new LayerNormKernel(x.Data, weight.Data, biasData, epsilon, y.Data, statistics.Data, x.Columns), x.Rows, x.Columns);
    }

    /// <inheritdoc/>
    public override void LayerNormBackward(
        Tensor x, Tensor weight, Tensor statistics, Tensor dy, Tensor dx, bool accumulate, Tensor? dWeight, Tensor? dBias)
    {
        RequireNorm(nameof(LayerNormBackward), x, weight, dy, statistics, statisticsPerRow: 2);
        RequireSameLength(nameof(LayerNormBackward), x, dx);
        RequireSameLengthOrNull(nameof(LayerNormBackward), weight, dWeight);
        RequireSameLengthOrNull(nameof(LayerNormBackward), weight, dBias);
        var blocks = WorkBlocks.Blocks(x.Rows, LayerNormBackwardBody.RowsPerBlock);
        using var dWeightBlocks = new ScratchMemory(Memory, blocks * x.Columns);
        using var dBiasBlocks = new ScratchMemory(Memory, blocks * x.Columns);
        var body = new LayerNormBackwardBody(
            x.Data, weight.Data, statistics.Data, dy.Data, dx.Data, accumulate, dWeightBlocks.Data, dBiasBlocks.Data, x.Rows, x.Columns);
        Run(body.TaskCount, body);
        if (dWeight is not null)
        {
            SumRows(dWeightBlocks.Data, blocks, x.Columns, dWeight.Data, accumulate: true);
        }

        if (dBias is not null)
        {
            SumRows(dBiasBlocks.Data, blocks, x.Columns, dBias.Data, accumulate: true);
        }
    }

    private static void RequireNorm(string operation, Tensor x, Tensor weight, Tensor y, Tensor statistics, int statisticsPerRow)
    {
        RequireSameLength(operation, x, y);
        ArgumentNullException.ThrowIfNull(weight);
        ArgumentNullException.ThrowIfNull(statistics);
        Require(weight.Length == x.Columns, operation, weight, "one weight a column of", x);
        Require(statistics.Length == (long)statisticsPerRow * x.Rows, operation, statistics, statisticsPerRow == 1 ? "one number a row of" : "two numbers a row of", x);
    }

    private static void RequireSameLengthOrNull(string operation, Tensor weight, Tensor? other)
    {
        if (other is not null)
        {
            RequireSameLength(operation, weight, other);
        }
    }
}
