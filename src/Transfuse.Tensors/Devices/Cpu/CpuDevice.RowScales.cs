using Transfuse.Tensors.Devices.Cpu.Norms;

namespace Transfuse.Tensors.Devices.Cpu;

public sealed unsafe partial class CpuDevice
{
    /// <inheritdoc/>
    public override void RowProducts(Tensor a, Tensor b, Tensor destination)
    {
        RequireSameLength(nameof(RowProducts), a, b);
        RequireOneARow(nameof(RowProducts), destination, a);
        var body = new RowProductsBody(a.Data, b.Data, destination.Data, a.Rows, a.Columns);
        Run(body.TaskCount, body);
    }

    /// <inheritdoc/>
    public override void ScaleRows(Tensor x, Tensor factors, Tensor destination)
    {
        RequireSameLength(nameof(ScaleRows), x, destination);
        RequireOneARow(nameof(ScaleRows), factors, x);
        var body = new ScaleRowsBody(x.Data, factors.Data, destination.Data, x.Rows, x.Columns);
        Run(body.TaskCount, body);
    }

    private static void RequireOneARow(string operation, Tensor vector, Tensor matrix)
    {
        ArgumentNullException.ThrowIfNull(vector);
        Require(vector.Length == matrix.Rows, operation, vector, "one number a row of", matrix);
    }
}
