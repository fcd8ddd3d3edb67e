using System.Buffers.Binary;
using System.Globalization;
using System.Text.Json;

namespace Transfuse.Tests.Shared;

/// <summary>
/// The arrays of a golden.safetensors file, read independently of the product's reader: 8 bytes length, a JSON header, the data.
/// Floating-point types are widened to double, integers and booleans to long.
/// </summary>
internal sealed class GoldenArrays
{
    private readonly Dictionary<string, (string Type, int[] Shape, int Start, int End)> _entries = new(StringComparer.Ordinal);
    private readonly byte[] _bytes;

    private GoldenArrays(byte[] bytes)
    {
        _bytes = bytes;
        var headerLength = checked((int)BinaryPrimitives.ReadUInt64LittleEndian(bytes));
        var data = 8 + headerLength;
        using var header = JsonDocument.Parse(bytes.AsMemory(8, headerLength));
        foreach (var property in header.RootElement.EnumerateObject().Where(property => !property.NameEquals("__metadata__")))
        {
            var offsets = property.Value.GetProperty("data_offsets");
            _entries.Add(property.Name, (
                property.Value.GetProperty("dtype").GetString()!,
                [.. property.Value.GetProperty("shape").EnumerateArray().Select(size => size.GetInt32())],
                data + offsets[0].GetInt32(),
                data + offsets[1].GetInt32()));
        }
    }

    /// <summary>Names of all arrays.</summary>
    internal IReadOnlyCollection<string> Names => _entries.Keys;

    /// <summary>Reads a file of up to 2 GB.</summary>
    internal static GoldenArrays Read(string path) => new(File.ReadAllBytes(path));

    /// <summary>Whether there is an array of this name.</summary>
    internal bool Contains(string name) => _entries.ContainsKey(name);

    /// <summary>Dimensions of an array, outermost first.</summary>
    internal int[] Shape(string name) => Entry(name).Shape;

    /// <summary>Elements of a floating-point array, rounded to float32.</summary>
    internal float[] Singles(string name) => [.. Doubles(name).Select(value => (float)value)];

    /// <summary>Elements of a floating-point array.</summary>
    internal double[] Doubles(string name)
    {
        var (type, _, start, end) = Entry(name);
        return type switch
        {
            "F64" => Elements(start, end, 8, BinaryPrimitives.ReadDoubleLittleEndian),
            "F32" => Elements(start, end, 4, bytes => (double)BinaryPrimitives.ReadSingleLittleEndian(bytes)),
            "F16" => Elements(start, end, 2, bytes => (double)BinaryPrimitives.ReadHalfLittleEndian(bytes)),
            "BF16" => Elements(start, end, 2, bytes => (double)BitConverter.Int32BitsToSingle(BinaryPrimitives.ReadUInt16LittleEndian(bytes) << 16)),
            _ => throw new InvalidDataException($"The golden array '{name}' is of type {type}; expected a floating-point type."),
        };
    }

    /// <summary>Elements of an integer or boolean array.</summary>
    internal long[] Int64s(string name)
    {
        var (type, _, start, end) = Entry(name);
        return type switch
        {
            "I64" => Elements(start, end, 8, BinaryPrimitives.ReadInt64LittleEndian),
            "I32" => Elements(start, end, 4, bytes => (long)BinaryPrimitives.ReadInt32LittleEndian(bytes)),
            "U8" or "BOOL" => Elements(start, end, 1, bytes => (long)bytes[0]),
            _ => throw new InvalidDataException($"The golden array '{name}' is of type {type}; expected an integer type."),
        };
    }

    private delegate T ReadElement<T>(ReadOnlySpan<byte> bytes);

    private T[] Elements<T>(int start, int end, int size, ReadElement<T> read)
    {
        var elements = new T[(end - start) / size];
        for (var i = 0; i < elements.Length; i++)
        {
            elements[i] = read(_bytes.AsSpan(start + (i * size), size));
        }

        return elements;
    }

    private (string Type, int[] Shape, int Start, int End) Entry(string name) => _entries.TryGetValue(name, out var entry)
        ? entry
        : throw new InvalidDataException(string.Create(CultureInfo.InvariantCulture, $"There is no golden array '{name}' among {_entries.Count}."));
}
