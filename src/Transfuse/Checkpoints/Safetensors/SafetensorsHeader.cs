using System.Buffers.Binary;
using System.Text.Json;
using Microsoft.Win32.SafeHandles;
using Transfuse.Errors;

namespace Transfuse.Checkpoints.Safetensors;

/// <summary>
/// The head of a safetensors file: u64 length N (little-endian), N bytes of JSON, then the data. Everything is checked against the
/// length of the file before it is believed.
/// </summary>
/// <param name="Entries">Tensors in the order of their bytes.</param>
/// <param name="Metadata">The <c>__metadata__</c> strings.</param>
internal sealed record SafetensorsHeader(IReadOnlyList<SafetensorsEntry> Entries, IReadOnlyDictionary<string, string> Metadata)
{
    internal const string MetadataKey = "__metadata__";
    private const int PrefixBytes = 8;
    private const long MaxHeaderBytes = 100_000_000;

    /// <summary>Reads and checks the header.</summary>
    /// <exception cref="ModelFormatException">The file does not hold what the format promises.</exception>
    internal static SafetensorsHeader Read(SafeFileHandle file, string path)
    {
        var fileBytes = RandomAccess.GetLength(file);
        if (fileBytes < PrefixBytes)
        {
            throw new ModelFormatException(path, $"has {fileBytes} bytes; a safetensors file begins with the 8-byte length of its header. Fetch it again.");
        }

        Span<byte> prefix = stackalloc byte[PrefixBytes];
        CheckpointFile.ReadExactly(file, path, prefix, 0);
        var headerBytes = BinaryPrimitives.ReadUInt64LittleEndian(prefix);
        if (headerBytes > (ulong)Math.Min(MaxHeaderBytes, fileBytes - PrefixBytes))
        {
            throw new ModelFormatException(
                path,
                $"claims a header of {headerBytes:N0} bytes at position 0, but the file has {fileBytes:N0} bytes and a header at most "
                + $"{MaxHeaderBytes:N0}. It is cut off or no safetensors file; fetch it again.");
        }

        var json = new byte[(int)headerBytes];
        CheckpointFile.ReadExactly(file, path, json, PrefixBytes);
        if (json is not [(byte)'{', ..])
        {
            throw new ModelFormatException(path, "the header at position 8 does not begin with '{'; this is no safetensors file.");
        }

        var dataStart = PrefixBytes + (long)headerBytes;
        return JsonInput.Read(json, path, "header", root => Parse(root, path, dataStart, fileBytes - dataStart));
    }

    private static SafetensorsHeader Parse(JsonElement root, string path, long dataStart, long dataBytes)
    {
        var entries = new List<SafetensorsEntry>();
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var property in root.EnumerateObject())
        {
            if (property.NameEquals(MetadataKey))
            {
                ReadMetadata(property.Value, metadata, path);
            }
            else
            {
                entries.Add(ReadEntry(property.Name, property.Value, path, dataStart));
            }
        }

        // A stable sort keeps empty tensors, which share their offset with a neighbour, in the order of the file.
        List<SafetensorsEntry> ordered = [.. entries.OrderBy(entry => entry.Offset).ThenBy(entry => entry.ByteCount)];
        CheckLayout(ordered, path, dataStart, dataBytes);
        return new SafetensorsHeader(ordered, metadata);
    }

    private static void CheckLayout(List<SafetensorsEntry> ordered, string path, long dataStart, long dataBytes)
    {
        var end = dataStart;
        foreach (var entry in ordered)
        {
            if (entry.Offset != end)
            {
                throw new ModelFormatException(
                    path,
                    $"tensor '{entry.Name}' begins at data offset {entry.Offset - dataStart}, expected {end - dataStart}: "
                    + "tensors must follow each other without gaps or overlaps. The header was altered; fetch the file again.");
            }

            end = checked(end + entry.ByteCount);
        }

        if (end - dataStart != dataBytes)
        {
            throw new ModelFormatException(
                path,
                $"the header describes {end - dataStart:N0} bytes of data, the file holds {dataBytes:N0}. It is cut off or damaged; fetch it again.");
        }
    }

    private static void ReadMetadata(JsonElement value, Dictionary<string, string> metadata, string path)
    {
        if (value.ValueKind != JsonValueKind.Object)
        {
            throw new ModelFormatException(path, $"'{MetadataKey}' is a JSON {value.ValueKind}, expected an object of strings.");
        }

        foreach (var item in value.EnumerateObject())
        {
            metadata[item.Name] = item.Value.ValueKind == JsonValueKind.String
                ? item.Value.GetString()!
                : throw new ModelFormatException(path, $"'{MetadataKey}' has a {item.Value.ValueKind} under '{item.Name}', expected a string.");
        }
    }

    private static SafetensorsEntry ReadEntry(string name, JsonElement value, string path, long dataStart)
    {
        if (value.ValueKind != JsonValueKind.Object)
        {
            throw new ModelFormatException(path, $"tensor '{name}' is described by a JSON {value.ValueKind}, expected an object.");
        }

        var type = ReadType(name, value, path);
        var dimensions = ReadNumbers(name, value, "shape", path);
        var offsets = ReadNumbers(name, value, "data_offsets", path);
        if (offsets is not [var begin, var end] || begin > end || end > long.MaxValue - dataStart)
        {
            throw new ModelFormatException(path, $"tensor '{name}' has data_offsets [{string.Join(", ", offsets)}], expected [begin, end] with begin ≤ end.");
        }

        if (ByteCount(dimensions, type) is not { } bytes || bytes != end - begin)
        {
            throw new ModelFormatException(
                path,
                $"tensor '{name}' of type {type} and shape [{string.Join(", ", dimensions)}] has {end - begin:N0} bytes in the file, which does not fit. "
                + "The header was altered; fetch the file again.");
        }

        return new SafetensorsEntry(name, type, dimensions, dataStart + begin, bytes);
    }

    private static SafetensorsType ReadType(string name, JsonElement value, string path)
    {
        var found = value.TryGetProperty("dtype", out var dtype) ? dtype : default;
        if (found.ValueKind == JsonValueKind.String)
        {
            var text = found.GetString();
            foreach (var type in Enum.GetValues<SafetensorsType>())
            {
                if (string.Equals(text, type.ToString(), StringComparison.Ordinal))
                {
                    return type;
                }
            }
        }

        throw new ModelFormatException(
            path,
            $"tensor '{name}' has dtype {(found.ValueKind == JsonValueKind.Undefined ? "none" : found.GetRawText())}, "
            + $"expected one of {string.Join(", ", Enum.GetNames<SafetensorsType>())}.");
    }

    private static long[] ReadNumbers(string name, JsonElement value, string key, string path)
    {
        if (!value.TryGetProperty(key, out var list) || list.ValueKind != JsonValueKind.Array)
        {
            throw new ModelFormatException(path, $"tensor '{name}' lacks the list '{key}'.");
        }

        var numbers = new long[list.GetArrayLength()];
        var index = 0;
        foreach (var item in list.EnumerateArray())
        {
            if (item.ValueKind != JsonValueKind.Number || !item.TryGetInt64(out numbers[index]) || numbers[index] < 0)
            {
                throw new ModelFormatException(path, $"tensor '{name}' has {item.GetRawText()} in '{key}', expected a whole number from 0.");
            }

            index++;
        }

        return numbers;
    }

    private static long? ByteCount(long[] dimensions, SafetensorsType type)
    {
        UInt128 product = (UInt128)type.SizeInBytes();
        foreach (var size in dimensions)
        {
            product *= (UInt128)size;
            if (product > long.MaxValue)
            {
                return null;
            }
        }

        return (long)product;
    }
}
