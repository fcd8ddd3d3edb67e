namespace Transfuse.Checkpoints.Safetensors;

/// <summary>A tensor that is going to be written.</summary>
/// <param name="Name">Name in the file.</param>
/// <param name="Type">F32, F16 or BF16.</param>
/// <param name="Dimensions">Sizes, outermost first.</param>
public sealed record SafetensorsTensor(string Name, SafetensorsType Type, IReadOnlyList<int> Dimensions)
{
    /// <summary>Number of elements.</summary>
    public long ElementCount => Dimensions.Aggregate(1L, (product, size) => checked(product * size));

    /// <summary>Number of bytes.</summary>
    public long ByteCount => checked(ElementCount * Type.SizeInBytes());
}
