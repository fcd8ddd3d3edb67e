using Transfuse.Tensors.Devices.Cpu.Elementwise;
using Transfuse.Tensors.Devices.Cpu.Quantized;
using Transfuse.Tensors.Errors;
using Transfuse.Tensors.Memory;

namespace Transfuse.Tensors.Devices.Cpu;

/// <content>Tensors of bfloat16, which take half the memory: values that only products read, which would round them anyway.</content>
public sealed unsafe partial class CpuDevice
{
    /// <inheritdoc/>
    public override Tensor? Round(Tensor values)
    {
        ArgumentNullException.ThrowIfNull(values);
        if (AllocateRounded(values.Shape, Memory) is not { } rounded)
        {
            return null;
        }

        ForEach(new ConvertKernel<Operand, RoundedOperand>(Flat(values), RoundedFlat(rounded)), 1, values.Length);
        return rounded;
    }

    /// <inheritdoc/>
    /// <exception cref="ShapeMismatchException">They are not as long as each other.</exception>
    /// <exception cref="ArgumentException">The tensor is not what <see cref="Round"/> makes.</exception>
    public override void Widen(Tensor rounded, Tensor destination)
    {
        RequireSameLength(nameof(Widen), rounded, destination);
        ForEach(new ConvertKernel<RoundedOperand, Operand>(RoundedFlat(rounded), Flat(destination)), 1, rounded.Length);
    }

    /// <summary>Room for what <see cref="Round"/> makes; null where products do not round, or there is nothing to round.</summary>
    internal Tensor? AllocateRounded(Shape shape, MemoryPool pool)
    {
        if (_bfloat16 is null || shape.Length == 0)
        {
            return null;
        }

        RestingSection[] sections = [new(shape.Rows, DType.BF16)];
        return Tensor.AllocateResting(
            pool, shape, StoredRows.SectionBytes(sections[0], shape.Columns), address => new StoredRows((byte*)address, shape.Columns, sections));
    }

    private static RoundedOperand RoundedFlat(Tensor tensor) => new(RoundedData(tensor), 0);

    private static RoundedOperand RoundedRows(Tensor tensor, int firstColumn = 0) => new(RoundedData(tensor) + firstColumn, tensor.Columns);

    private static ushort* RoundedData(Tensor tensor) => tensor.Resting is StoredRows { IsBFloat16: true } rows
        ? (ushort*)rows.Locate(0).Address
        : throw new ArgumentException($"This tensor {tensor.Shape} holds {tensor.Resting?.TypeNames ?? "float32"} elements, not bfloat16 as Round makes them.", nameof(tensor));
}
