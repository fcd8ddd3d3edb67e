using System.Globalization;
using Transfuse.Tensors;

namespace Transfuse.Checkpoints.Safetensors;

/// <summary>One tensor of a safetensors file: what it is and where its bytes lie.</summary>
/// <param name="Name">Name in the file.</param>
/// <param name="Type">Element type.</param>
/// <param name="Dimensions">Sizes, outermost first; none for a scalar.</param>
/// <param name="Offset">Position of the first byte in the file.</param>
/// <param name="ByteCount">Number of bytes.</param>
public sealed record SafetensorsEntry(string Name, SafetensorsType Type, IReadOnlyList<long> Dimensions, long Offset, long ByteCount)
{
    /// <summary>Number of elements.</summary>
    public long ElementCount => ByteCount / Type.SizeInBytes();

    /// <summary>The dimensions for people, <c>[32, 64]</c>.</summary>
    public string ShapeText => $"[{string.Join(", ", Dimensions.Select(size => size.ToString(CultureInfo.InvariantCulture)))}]";

    /// <summary>Whether the dimensions are those of <paramref name="shape"/>.</summary>
    public bool HasShape(Shape shape)
    {
        if (Dimensions.Count != shape.Rank)
        {
            return false;
        }

        for (var axis = 0; axis < shape.Rank; axis++)
        {
            if (Dimensions[axis] != shape[axis])
            {
                return false;
            }
        }

        return true;
    }
}
