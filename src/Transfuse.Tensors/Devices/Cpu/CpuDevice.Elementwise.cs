using Transfuse.Tensors.Devices.Cpu.Activations;
using Transfuse.Tensors.Devices.Cpu.Elementwise;
using Transfuse.Tensors.Errors;
using Transfuse.Tensors.Memory;

namespace Transfuse.Tensors.Devices.Cpu;

public sealed unsafe partial class CpuDevice
{
    /// <inheritdoc/>
    public override void AddBias(Tensor rows, Tensor bias)
    {
        ArgumentNullException.ThrowIfNull(rows);
        ArgumentNullException.ThrowIfNull(bias);
        Require(bias.Length == rows.Columns, nameof(AddBias), bias, "one bias a column of", rows);
        var x = RowsOf(rows);
        ForEach(new AddKernel(x, new Operand(bias.Data, 0), x), rows.Rows, rows.Columns);
    }

    /// <inheritdoc/>
    public override void SumRows(Tensor rows, Tensor destination, bool accumulate)
    {
        ArgumentNullException.ThrowIfNull(rows);
        ArgumentNullException.ThrowIfNull(destination);
        Require(destination.Length == rows.Columns, nameof(SumRows), destination, "one sum a column of", rows);
        SumRows(rows.Data, rows.Rows, rows.Columns, destination.Data, accumulate);
    }

    /// <inheritdoc/>
    public override void Add(Tensor a, Tensor b, Tensor destination)
    {
        RequireSameLength(nameof(Add), a, b);
        RequireSameLength(nameof(Add), a, destination);
        ForEach(new AddKernel(Flat(a), Flat(b), Flat(destination)), 1, a.Length);
    }

    /// <inheritdoc/>
    public override void Scale(Tensor source, float factor, Tensor destination, bool accumulate)
    {
        RequireSameLength(nameof(Scale), source, destination);
        if (accumulate)
        {
            ForEach(new AddScaledKernel(Flat(source), factor, Flat(destination)), 1, source.Length);
        }
        else
        {
            ForEach(new ScaleKernel(Flat(source), factor, Flat(destination)), 1, source.Length);
        }
    }

    /// <inheritdoc/>
    public override void Dropout(Tensor x, ulong key, float rate, Tensor destination, bool accumulate)
    {
        RequireSameLength(nameof(Dropout), x, destination);
        ArgumentOutOfRangeException.ThrowIfNegative(rate);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(rate, 1);
        var body = new DropoutBody(x.Data, x.Length, key, rate, destination.Data, accumulate);
        Run(body.TaskCount, body);
    }

    /// <inheritdoc/>
    public override void Activate(ActivationKind kind, Tensor x, Tensor destination)
    {
        RequireSameLength(nameof(Activate), x, destination);
        switch (kind)
        {
            case ActivationKind.Silu:
                Activate<Silu>(x, destination);
                break;
            case ActivationKind.Gelu:
                Activate<Gelu>(x, destination);
                break;
            case ActivationKind.GeluTanh:
                Activate<GeluTanh>(x, destination);
                break;
            case ActivationKind.Relu:
                Activate<Relu>(x, destination);
                break;
            default:
                throw Unknown(kind);
        }
    }

    /// <inheritdoc/>
    public override void ActivateBackward(ActivationKind kind, Tensor x, Tensor dy, Tensor dx, bool accumulate)
    {
        RequireSameLength(nameof(ActivateBackward), x, dy);
        RequireSameLength(nameof(ActivateBackward), x, dx);
        switch (kind)
        {
            case ActivationKind.Silu:
                ActivateBackward<Silu>(x, dy, dx, accumulate);
                break;
            case ActivationKind.Gelu:
                ActivateBackward<Gelu>(x, dy, dx, accumulate);
                break;
            case ActivationKind.GeluTanh:
                ActivateBackward<GeluTanh>(x, dy, dx, accumulate);
                break;
            case ActivationKind.Relu:
                ActivateBackward<Relu>(x, dy, dx, accumulate);
                break;
            default:
                throw Unknown(kind);
        }
    }

    /// <inheritdoc/>
    public override void Gated(ActivationKind kind, Tensor gateUp, Tensor destination)
    {
        RequireHalf(nameof(Gated), gateUp, destination);
        switch (kind)
        {
            case ActivationKind.Silu:
                Gated<Silu>(gateUp, destination);
                break;
            case ActivationKind.Gelu:
                Gated<Gelu>(gateUp, destination);
                break;
            case ActivationKind.GeluTanh:
                Gated<GeluTanh>(gateUp, destination);
                break;
            case ActivationKind.Relu:
                Gated<Relu>(gateUp, destination);
                break;
            default:
                throw Unknown(kind);
        }
    }

    /// <inheritdoc/>
    public override void GatedBackward(ActivationKind kind, Tensor gateUp, Tensor dy, Tensor dGateUp)
    {
        RequireHalf(nameof(GatedBackward), gateUp, dy);
        RequireHalf(nameof(GatedBackward), dGateUp, dy);
        switch (kind)
        {
            case ActivationKind.Silu:
                GatedBackward<Silu>(gateUp, dy, dGateUp);
                break;
            case ActivationKind.Gelu:
                GatedBackward<Gelu>(gateUp, dy, dGateUp);
                break;
            case ActivationKind.GeluTanh:
                GatedBackward<GeluTanh>(gateUp, dy, dGateUp);
                break;
            case ActivationKind.Relu:
                GatedBackward<Relu>(gateUp, dy, dGateUp);
                break;
            default:
                throw Unknown(kind);
        }
    }

    private void Activate<TActivation>(Tensor x, Tensor y)
        where TActivation : struct, IActivation
    {
        if (x.IsResting)
        {
            ForEach(new ActivateKernel<TActivation, RoundedOperand>(RoundedFlat(x), Flat(y)), 1, x.Length);
        }
        else
        {
            ForEach(new ActivateKernel<TActivation, Operand>(Flat(x), Flat(y)), 1, x.Length);
        }
    }

    private void ActivateBackward<TActivation>(Tensor x, Tensor dy, Tensor dx, bool accumulate)
        where TActivation : struct, IActivation
    {
        if (x.IsResting)
        {
            ForEach(new ActivateBackwardKernel<TActivation, RoundedOperand>(RoundedFlat(x), Flat(dy), RoundedFlat(dx), accumulate), 1, x.Length);
        }
        else
        {
            ForEach(new ActivateBackwardKernel<TActivation, Operand>(Flat(x), Flat(dy), Flat(dx), accumulate), 1, x.Length);
        }
    }

    private void Gated<TActivation>(Tensor gateUp, Tensor y)
        where TActivation : struct, IActivation
    {
        if (gateUp.IsResting)
        {
            Gated<TActivation, RoundedOperand>(RoundedRows(gateUp), RoundedRows(gateUp, y.Columns), y);
        }
        else
        {
            Gated<TActivation, Operand>(RowsOf(gateUp), RowsOf(gateUp, y.Columns), y);
        }
    }

    private void Gated<TActivation, TOperand>(TOperand gate, TOperand up, Tensor y)
        where TActivation : struct, IActivation
        where TOperand : struct, IOperand => ForEach(new GatedKernel<TActivation, TOperand>(gate, up, RowsOf(y)), y.Rows, y.Columns);

    private void GatedBackward<TActivation>(Tensor gateUp, Tensor dy, Tensor dGateUp)
        where TActivation : struct, IActivation
    {
        var half = dy.Columns;
        if (gateUp.IsResting)
        {
            ForEach(
                new GatedBackwardKernel<TActivation, RoundedOperand>(
                    RoundedRows(gateUp), RoundedRows(gateUp, half), RowsOf(dy), RoundedRows(dGateUp), RoundedRows(dGateUp, half)),
                dy.Rows, half);
        }
        else
        {
            ForEach(
                new GatedBackwardKernel<TActivation, Operand>(RowsOf(gateUp), RowsOf(gateUp, half), RowsOf(dy), RowsOf(dGateUp), RowsOf(dGateUp, half)),
                dy.Rows, half);
        }
    }

    /// <summary>Sums of columns as a tree with <see cref="SumRowsBody.RowsPerSum"/> branches.</summary>
    private void SumRows(float* rows, long count, long columns, float* destination, bool accumulate)
    {
        if (count == 0)
        {
            if (!accumulate)
            {
                new Span<float>(destination, (int)columns).Clear();
            }

            return;
        }

        if (count <= SumRowsBody.RowsPerSum)
        {
            var last = new SumRowsBody(rows, count, columns, destination, accumulate);
            Run(last.TaskCount, last);
            return;
        }

        var blocks = WorkBlocks.Blocks(count, SumRowsBody.RowsPerSum);
        using var partial = new ScratchMemory(Memory, blocks * columns);
        var level = new SumRowsBody(rows, count, columns, partial.Data, accumulate: false);
        Run(level.TaskCount, level);
        SumRows(partial.Data, blocks, columns, destination, accumulate);
    }

    private void ForEach<TKernel>(TKernel kernel, long rows, long columns)
        where TKernel : struct, IElementwiseKernel
    {
        var blocks = WorkBlocks.Of(rows, columns);
        Run(blocks.TaskCount, new ElementwiseBody<TKernel>(kernel, blocks));
    }

    private static Operand Flat(Tensor tensor) => new(tensor.Data, 0);

    private static Operand RowsOf(Tensor tensor, int firstColumn = 0) => new(tensor.Data + firstColumn, tensor.Columns);

    private static void RequireHalf(string operation, Tensor both, Tensor half)
    {
        ArgumentNullException.ThrowIfNull(both);
        ArgumentNullException.ThrowIfNull(half);
        Require(both.Rows == half.Rows && both.Columns == 2L * half.Columns, operation, both, "twice the columns of", half);
    }

    private static void RequireSameLength(string operation, Tensor a, Tensor b)
    {
        ArgumentNullException.ThrowIfNull(a);
        ArgumentNullException.ThrowIfNull(b);
        Require(a.Length == b.Length, operation, b, "as many elements as", a);
    }

    private static void Require(bool fits, string operation, Tensor found, string relation, Tensor other)
    {
        if (!fits)
        {
            throw new ShapeMismatchException(operation, found.Shape.ToString(), $"{relation} {other.Shape}");
        }
    }

    private static ArgumentOutOfRangeException Unknown(ActivationKind kind) => new(nameof(kind), kind, "Unknown activation.");
}
