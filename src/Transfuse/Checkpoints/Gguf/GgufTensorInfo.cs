using Transfuse.Tensors;
using Transfuse.Tensors.Devices.Cpu.Quantized;

namespace Transfuse.Checkpoints.Gguf;

/// <summary>A tensor that is going to be written.</summary>
/// <param name="Name">Name in the file, at most 63 bytes.</param>
/// <param name="Type">F32, F16, BF16, Q8_0 or Q4_0.</param>
/// <param name="Dimensions">Sizes, outermost first; the last one a whole number of the type's blocks.</param>
public sealed record GgufTensorInfo(string Name, DType Type, IReadOnlyList<long> Dimensions)
{
    /// <summary>Number of elements.</summary>
    public long ElementCount => Dimensions.Aggregate(1L, (product, size) => checked(product * size));

    /// <summary>Number of bytes.</summary>
    public long ByteCount => Type.ByteCount(ElementCount);
}
