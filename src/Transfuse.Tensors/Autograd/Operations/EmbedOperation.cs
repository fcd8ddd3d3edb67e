namespace Transfuse.Tensors.Autograd.Operations;

/// <summary>y[i] = factor·table[ids[i]]; dTable[ids[i]] += factor·dy[i].</summary>
internal sealed class EmbedOperation : Operation
{
    private readonly ReadOnlyMemory<int> _ids;
    private readonly Variable _table;
    private readonly float _factor;
    private readonly Variable _y;

    private EmbedOperation(ReadOnlyMemory<int> ids, Variable table, float factor, Variable y)
    {
        _ids = ids;
        _table = table;
        _factor = factor;
        _y = y;
    }

    internal override Variable Output => _y;

    internal static Variable Apply(Tape tape, ReadOnlyMemory<int> ids, Variable table, float factor)
    {
        var y = tape.Result(tape.Device.Allocate(new Shape(ids.Length, table.Value.Columns)), table.RequiresGradient);
        tape.Device.Embed(ids, table.Value, factor, y.Value);
        tape.Record(new EmbedOperation(ids, table, factor, y));
        return y;
    }

    internal override void Backward(Tape tape)
    {
        if (_y.Gradient is not { } dy || !_table.RequiresGradient)
        {
            return;
        }

        if (!tape.GradientOf(_table, out var dTable))
        {
            dTable.Fill(0);
        }

        tape.Device.EmbedBackward(_ids, _factor, dy, dTable);
    }
}
