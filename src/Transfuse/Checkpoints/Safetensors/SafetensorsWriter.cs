using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Encodings.Web;
using System.Text.Json;
using Transfuse.Artifacts;

namespace Transfuse.Checkpoints.Safetensors;

/// <summary>
/// Writes a safetensors file tensor by tensor, in any order, to a <c>.partial</c> file that takes its final name when all is written.
/// </summary>
/// <remarks>The layout is the reference implementation's: larger element types first, then by name; the header padded to 8 bytes.</remarks>
public sealed class SafetensorsWriter : IDisposable
{
    private const int ChunkElements = 1 << 16;
    private readonly AtomicRandomFile _file;
    private readonly Dictionary<string, Slot> _slots = new(StringComparer.Ordinal);

    /// <summary>Starts the file: writes the header and makes room for the data.</summary>
    /// <param name="path">Final name.</param>
    /// <param name="tensors">Everything that will be written.</param>
    /// <param name="metadata">Strings for <c>__metadata__</c>; null writes <c>{"format": "pt"}</c>, which transformers expects.</param>
    /// <exception cref="ArgumentException">A name occurs twice, or a type is not F32, F16 or BF16.</exception>
    public SafetensorsWriter(string path, IEnumerable<SafetensorsTensor> tensors, IReadOnlyDictionary<string, string>? metadata = null)
    {
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(tensors);
        SafetensorsTensor[] ordered =
            [.. tensors.OrderByDescending(tensor => tensor.Type.SizeInBytes()).ThenBy(tensor => tensor.Name, StringComparer.Ordinal)];
        var offset = 0L;
        foreach (var tensor in ordered)
        {
            if (tensor.Type is not (SafetensorsType.F32 or SafetensorsType.F16 or SafetensorsType.BF16))
            {
                throw new ArgumentException($"Tensor '{tensor.Name}' is to be written as {tensor.Type}; use F32, F16 or BF16.", nameof(tensors));
            }

            if (string.Equals(tensor.Name, SafetensorsHeader.MetadataKey, StringComparison.Ordinal) || !_slots.TryAdd(tensor.Name, new Slot(tensor, offset)))
            {
                throw new ArgumentException($"The tensor name '{tensor.Name}' is taken.", nameof(tensors));
            }

            offset += tensor.ByteCount;
        }

        var header = Header(ordered, metadata ?? new Dictionary<string, string>(StringComparer.Ordinal) { ["format"] = "pt" });
        _file = AtomicRandomFile.Create(path, header.Length + offset);
        _file.Write(header, 0);
        foreach (var slot in _slots.Values)
        {
            slot.FileOffset += header.Length;
        }
    }

    /// <summary>Appends elements to a tensor; large tensors may come in several calls.</summary>
    /// <exception cref="ArgumentException">The name was not announced, or the tensor is longer than announced.</exception>
    public void Write(string name, ReadOnlySpan<float> values)
    {
        if (!_slots.TryGetValue(name, out var slot))
        {
            throw new ArgumentException($"No tensor '{name}' was announced.", nameof(name));
        }

        if (values.Length > slot.Tensor.ElementCount - slot.Written)
        {
            throw new ArgumentException(
                $"Tensor '{name}' has {slot.Tensor.ElementCount} elements, {slot.Written} are written, {values.Length} more do not fit.", nameof(values));
        }

        var size = slot.Tensor.Type.SizeInBytes();
        var narrow = size == sizeof(float) ? [] : new byte[Math.Min(values.Length, ChunkElements) * size];
        while (!values.IsEmpty)
        {
            var part = values[..Math.Min(values.Length, ChunkElements)];
            var bytes = size == sizeof(float) ? MemoryMarshal.AsBytes(part) : Narrow(slot.Tensor.Type, part, narrow);
            _file.Write(bytes, slot.FileOffset + (slot.Written * size));
            slot.Written += part.Length;
            values = values[part.Length..];
        }
    }

    /// <summary>Flushes the file to the disk and gives it its final name, replacing an older one.</summary>
    /// <exception cref="InvalidOperationException">A tensor is not fully written.</exception>
    public void Complete()
    {
        foreach (var slot in _slots.Values)
        {
            if (slot.Written != slot.Tensor.ElementCount)
            {
                throw new InvalidOperationException($"Tensor '{slot.Tensor.Name}' has {slot.Written} of {slot.Tensor.ElementCount} elements.");
            }
        }

        _file.Commit();
    }

    /// <summary>Closes the file and removes it unless it was completed.</summary>
    public void Dispose() => _file.Dispose();

    private static byte[] Header(SafetensorsTensor[] tensors, IReadOnlyDictionary<string, string> metadata)
    {
        using var stream = new MemoryStream();
        stream.Write(stackalloc byte[sizeof(ulong)]);
        using (var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            json.WriteStartObject(SafetensorsHeader.MetadataKey);
            foreach (var (key, value) in metadata.OrderBy(pair => pair.Key, StringComparer.Ordinal))
            {
                json.WriteString(key, value);
            }

            json.WriteEndObject();
            var offset = 0L;
            foreach (var tensor in tensors)
            {
                WriteEntry(json, tensor, offset);
                offset += tensor.ByteCount;
            }

            json.WriteEndObject();
        }

        while (stream.Length % 8 != 0)
        {
            stream.WriteByte((byte)' ');
        }

        var header = stream.ToArray();
        BinaryPrimitives.WriteInt64LittleEndian(header, header.Length - sizeof(ulong));
        return header;
    }

    private static void WriteEntry(Utf8JsonWriter json, SafetensorsTensor tensor, long offset)
    {
        json.WriteStartObject(tensor.Name);
        json.WriteString("dtype", tensor.Type.ToString());
        json.WriteStartArray("shape");
        foreach (var size in tensor.Dimensions)
        {
            json.WriteNumberValue(size);
        }

        json.WriteEndArray();
        json.WriteStartArray("data_offsets");
        json.WriteNumberValue(offset);
        json.WriteNumberValue(offset + tensor.ByteCount);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static ReadOnlySpan<byte> Narrow(SafetensorsType type, ReadOnlySpan<float> values, byte[] buffer)
    {
        var bytes = buffer.AsSpan(0, values.Length * sizeof(ushort));
        var destination = MemoryMarshal.Cast<byte, ushort>(bytes);
        for (var i = 0; i < values.Length; i++)
        {
            destination[i] = type == SafetensorsType.F16 ? BitConverter.HalfToUInt16Bits((Half)values[i]) : BFloat16Bits(values[i]);
        }

        return bytes;
    }

    /// <summary>Rounds to nearest even; NaN stays a quiet NaN.</summary>
    private static ushort BFloat16Bits(float value)
    {
        var bits = BitConverter.SingleToUInt32Bits(value);
        return float.IsNaN(value) ? (ushort)((bits >> 16) | 0x40) : (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
    }

    private sealed class Slot(SafetensorsTensor tensor, long fileOffset)
    {
        internal SafetensorsTensor Tensor { get; } = tensor;

        internal long FileOffset { get; set; } = fileOffset;

        internal long Written { get; set; }
    }
}
