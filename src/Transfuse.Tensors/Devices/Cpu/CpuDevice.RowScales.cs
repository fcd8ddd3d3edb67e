using Transfuse.Tensors.Devices.Cpu.Norms;

namespace Transfuse.Tensors.Devices.Cpu;

public sealed unsafe partial class CpuDevice
{
    /// <inheritdoc/>
    public override void RowProducts(Tensor a, Tensor b, Tensor destination)
    {
        RequireSameLength(nameof(RowProducts), a, b);
        RequireOneARow(nameof(RowProducts), destination, a);
        ForEachRow(new RowProductKernel(a.Data, b.Data, destination.Data, a.Columns), a.Rows, a.Columns);
    }

    /// <inheritdoc/>
    public override void ScaleRows(Tensor x, Tensor factors, Tensor destination)
    {
        RequireSameLength(nameof(ScaleRows), x, destination);
        RequireOneARow(nameof(ScaleRows), factors, x);
        ForEachRow(new ScaleRowKernel(x.Data, factors.Data, destination.Data, x.Columns), x.Rows, x.Columns);
    }

    private static void RequireOneARow(string operation, Tensor vector, Tensor matrix)
    {
        ArgumentNullException.ThrowIfNull(vector);
        Require(vector.Length == matrix.Rows, operation, vector, "one number a row of", matrix);
    }
}
