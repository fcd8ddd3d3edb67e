using System.Globalization;
using Transfuse.Tensors;

namespace Transfuse.Checkpoints.Gguf;

/// <summary>One tensor of a GGUF file: what it is and where its bytes lie.</summary>
/// <param name="Name">Name in the file.</param>
/// <param name="Type">Element type.</param>
/// <param name="Dimensions">Sizes, outermost first (the file has them the other way round).</param>
/// <param name="Offset">Position of the first byte in the file.</param>
/// <param name="ByteCount">Number of bytes.</param>
public sealed record GgufEntry(string Name, DType Type, IReadOnlyList<long> Dimensions, long Offset, long ByteCount)
{
    /// <summary>Number of elements.</summary>
    public long ElementCount => Dimensions.Aggregate(1L, (product, size) => product * size);

    /// <summary>Size of the innermost dimension.</summary>
    public long Columns => Dimensions[^1];

    /// <summary>Rows when all but the innermost dimension are flattened.</summary>
    public long Rows => Columns == 0 ? 0 : ElementCount / Columns;

    /// <summary>The dimensions for people, <c>[32, 64]</c>.</summary>
    public string ShapeText => $"[{string.Join(", ", Dimensions.Select(size => size.ToString(CultureInfo.InvariantCulture)))}]";
}
