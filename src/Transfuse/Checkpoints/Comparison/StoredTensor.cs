using System.Globalization;
using System.Runtime.InteropServices;
using Transfuse.Checkpoints.Gguf;
using Transfuse.Checkpoints.Safetensors;

namespace Transfuse.Checkpoints.Comparison;

/// <summary>A tensor of a checkpoint, whatever the format of its file: under its Hugging Face name, in its shape and order there.</summary>
public sealed class StoredTensor
{
    private readonly Func<TensorReader<float>>? _openSingles;
    private readonly Func<TensorReader<byte>>? _openBytes;

    internal StoredTensor(SafetensorsFile file, SafetensorsEntry entry)
    {
        IsDouble = entry.Type == SafetensorsType.F64;
        (Name, Type, Dimensions) = (entry.Name, entry.Type.ToString(), entry.Dimensions);
        _openSingles = entry.Type.IsReal() ? () => Forward<float>((start, values) => file.ReadSingles(entry, start, values)) : null;
        _openBytes = () => Forward<byte>((start, bytes) => file.ReadBytes(entry, start, bytes));
        ElementBytes = entry.Type.SizeInBytes();
    }

    internal StoredTensor(GgufTensor tensor)
    {
        (Name, Type, Dimensions) = (tensor.Name, tensor.Type.ToString(), tensor.Dimensions);
        _openSingles = tensor.Open;
    }

    /// <summary>Name as in a Hugging Face folder.</summary>
    public string Name { get; }

    /// <summary>Element type as its format calls it, such as <c>BF16</c> or <c>Q4_0</c>.</summary>
    public string Type { get; }

    /// <summary>Sizes, outermost first.</summary>
    public IReadOnlyList<long> Dimensions { get; }

    /// <summary>Number of elements.</summary>
    public long ElementCount => Dimensions.Aggregate(1L, (product, size) => product * size);

    /// <summary>The dimensions for people, <c>[32, 64]</c>.</summary>
    public string ShapeText => $"[{string.Join(", ", Dimensions.Select(size => size.ToString(CultureInfo.InvariantCulture)))}]";

    /// <summary>Elements of the innermost dimension; pieces that are read are whole rows of so many, or, of a vector, whole blocks of its type.</summary>
    internal long Columns => Dimensions.Count < 2 ? 1 : Math.Max(1, Dimensions[^1]);

    /// <summary>Bytes of an element that is no real number.</summary>
    internal int ElementBytes { get; }

    /// <summary>Whether float32 does not hold its values.</summary>
    internal bool IsDouble { get; }

    /// <summary>Begins to read all values in order as float64; null if they are no real numbers.</summary>
    internal TensorReader<double>? OpenDoubles()
    {
        if (IsDouble)
        {
            var bytes = _openBytes!();
            return destination => bytes(MemoryMarshal.AsBytes(destination));
        }

        if (_openSingles is null)
        {
            return null;
        }

        var singles = _openSingles();
        var piece = Array.Empty<float>();
        return destination =>
        {
            Array.Resize(ref piece, Math.Max(piece.Length, destination.Length));
            var values = piece.AsSpan(0, destination.Length);
            singles(values);
            for (var i = 0; i < values.Length; i++)
            {
                destination[i] = values[i];
            }
        };
    }

    /// <summary>Begins to read all values in order, widened or, from F64, narrowed to float32; null if they are no real numbers.</summary>
    internal TensorReader<float>? OpenSingles() => _openSingles?.Invoke();

    /// <summary>Begins to read the bytes as they lie in the file; null where the file has them in another order.</summary>
    internal TensorReader<byte>? OpenBytes() => _openBytes?.Invoke();

    private static TensorReader<T> Forward<T>(ReadAt<T> read)
    {
        var next = 0L;
        return destination =>
        {
            read(next, destination);
            next += destination.Length;
        };
    }

    private delegate void ReadAt<T>(long start, Span<T> destination);
}
