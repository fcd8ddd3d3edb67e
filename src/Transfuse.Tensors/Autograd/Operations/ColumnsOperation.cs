using Transfuse.Tensors.Devices;

namespace Transfuse.Tensors.Autograd.Operations;

/// <summary>y = some neighbouring columns of x; dy is added to the same columns of dx. A move of data row by row, which needs no kernel.</summary>
internal sealed class ColumnsOperation : Operation
{
    private readonly Variable _x;
    private readonly int _first;
    private readonly Variable _y;

    private ColumnsOperation(Variable x, int first, Variable y)
    {
        _x = x;
        _first = first;
        _y = y;
    }

    internal override Variable Output => _y;

    internal override bool IsCheap => true;

    internal static Variable Apply(Tape tape, Variable x, int first, int count)
    {
        var y = tape.Result(tape.Device.Allocate(new Shape(x.Value.Rows, count)), x.RequiresGradient);
        return tape.Compute(new ColumnsOperation(x, first, y), y);
    }

    internal override void Compute(Device device, Tensor value)
    {
        var x = _x.Value;
        for (var row = 0; row < x.Rows && !value.IsRehearsed; row++)
        {
            x.Row(row).Slice(_first, value.Columns).CopyTo(value.Row(row));
        }
    }

    internal override void Backward(Tape tape)
    {
        if (_y.Gradient is not { } dy || !_x.RequiresGradient)
        {
            return;
        }

        if (!tape.GradientOf(_x, out var dx))
        {
            dx.Fill(0);
        }

        for (var row = 0; row < dy.Rows && !dx.IsRehearsed; row++)
        {
            var columns = dx.Row(row).Slice(_first, dy.Columns);
            var added = dy.Row(row);
            for (var i = 0; i < added.Length; i++)
            {
                columns[i] += added[i];
            }
        }
    }
}
