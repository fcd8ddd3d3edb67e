using System.Runtime.InteropServices;
using System.Text;
using Transfuse.Artifacts;
using Transfuse.Errors;
using Transfuse.Tensors.Devices.Cpu.Quantized;

namespace Transfuse.Checkpoints.Gguf;

/// <summary>
/// Writes a GGUF file of version 3, tensor by tensor in any order, to a <c>.partial</c> file that takes its final name when all is written.
/// </summary>
public sealed class GgufWriter : IDisposable
{
    private const int Alignment = GgufHeader.DefaultAlignment;
    private const int ChunkElements = 1 << 16;
    private readonly AtomicRandomFile _file;
    private readonly Dictionary<string, Slot> _slots = new(StringComparer.Ordinal);

    /// <summary>Starts the file: writes the header and makes room for the data.</summary>
    /// <param name="path">Final name.</param>
    /// <param name="metadata">Keys and values, of the types that <see cref="GgufMetadata"/> knows, in their order.</param>
    /// <param name="tensors">Everything that will be written, in the order of the file.</param>
    /// <exception cref="ArgumentException">A name occurs twice or is too long, a value is of another type, or rows are no whole number of blocks.</exception>
    public GgufWriter(string path, IEnumerable<KeyValuePair<string, object>> metadata, IEnumerable<GgufTensorInfo> tensors)
    {
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(metadata);
        ArgumentNullException.ThrowIfNull(tensors);
        var header = Header([.. metadata], [.. tensors], out var dataBytes);
        _file = AtomicRandomFile.Create(path, header.Length + dataBytes);
        _file.Write(header, 0);
        foreach (var slot in _slots.Values)
        {
            slot.FileOffset += header.Length;
        }
    }

    /// <summary>Appends elements to a tensor, a whole number of blocks; large tensors may come in several calls.</summary>
    /// <exception cref="ArgumentException">The name was not announced, or the tensor is longer than announced.</exception>
    /// <exception cref="ModelFormatException">The tensor is to be quantised but a value is not finite.</exception>
    public void Write(string name, ReadOnlySpan<float> values)
    {
        if (!_slots.TryGetValue(name, out var slot))
        {
            throw new ArgumentException($"No tensor '{name}' was announced.", nameof(name));
        }

        var type = slot.Tensor.Type;
        if (values.Length > slot.Tensor.ElementCount - slot.Written)
        {
            throw new ArgumentException($"Tensor '{name}' has {slot.Tensor.ElementCount} elements, {slot.Written} are written, {values.Length} more do not fit.", nameof(values));
        }

        var bytes = new byte[type.ByteCount(Math.Min(values.Length, ChunkElements))];
        while (!values.IsEmpty)
        {
            var part = values[..Math.Min(values.Length, ChunkElements)];
            CheckFinite(slot, part);
            BlockFormat.Narrow(type, part, bytes);
            _file.Write(bytes.AsSpan(0, (int)type.ByteCount(part.Length)), slot.FileOffset + type.ByteCount(slot.Written));
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

    private byte[] Header(KeyValuePair<string, object>[] metadata, GgufTensorInfo[] tensors, out long dataBytes)
    {
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream, Encoding.UTF8);
        writer.Write(GgufHeader.Magic);
        writer.Write(3u);
        writer.Write((ulong)tensors.Length);
        writer.Write((ulong)metadata.Length);
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (key, value) in metadata)
        {
            if (!names.Add(key))
            {
                throw new ArgumentException($"The key '{key}' is taken.", nameof(metadata));
            }

            WriteText(writer, key);
            WriteValue(writer, key, value);
        }

        dataBytes = 0;
        foreach (var tensor in tensors)
        {
            WriteInfo(writer, tensor, dataBytes);
            dataBytes += Aligned(tensor.ByteCount);
        }

        writer.Flush();
        stream.SetLength(Aligned(stream.Length));
        return stream.ToArray();
    }

    private void WriteInfo(BinaryWriter writer, GgufTensorInfo tensor, long offset)
    {
        if (Encoding.UTF8.GetByteCount(tensor.Name) > GgufHeader.MaximumNameBytes || !_slots.TryAdd(tensor.Name, new Slot(tensor, offset)))
        {
            throw new ArgumentException($"The tensor name '{tensor.Name}' is taken, or longer than {GgufHeader.MaximumNameBytes} bytes.", nameof(tensor));
        }

        if (tensor.Dimensions.Count is 0 or > GgufHeader.MaximumDimensions || tensor.Dimensions[^1] % tensor.Type.BlockElements() != 0 || !tensor.Type.CanNarrow())
        {
            throw new ArgumentException($"Tensor '{tensor.Name}' of shape [{string.Join(", ", tensor.Dimensions)}] cannot be written as {tensor.Type}.", nameof(tensor));
        }

        WriteText(writer, tensor.Name);
        writer.Write((uint)tensor.Dimensions.Count);
        foreach (var size in tensor.Dimensions.Reverse())
        {
            writer.Write((ulong)size);
        }

        writer.Write(GgufTypes.ToId(tensor.Type));
        writer.Write((ulong)offset);
    }

    private static void WriteValue(BinaryWriter writer, string key, object value)
    {
        switch (value)
        {
            case uint number:
                writer.Write(4u);
                writer.Write(number);
                break;
            case int number:
                writer.Write(5u);
                writer.Write(number);
                break;
            case float number:
                writer.Write(6u);
                writer.Write(number);
                break;
            case bool flag:
                writer.Write(7u);
                writer.Write(flag);
                break;
            case string text:
                writer.Write(8u);
                WriteText(writer, text);
                break;
            default:
                WriteList(writer, key, value);
                break;
        }
    }

    private static void WriteList(BinaryWriter writer, string key, object value)
    {
        switch (value)
        {
            case string[] texts:
                WriteListHead(writer, 8, texts.Length);
                foreach (var text in texts)
                {
                    WriteText(writer, text);
                }

                break;
            case float[] numbers:
                WriteListHead(writer, 6, numbers.Length);
                writer.Write(MemoryMarshal.AsBytes(numbers.AsSpan()));
                break;
            case int[] numbers:
                WriteListHead(writer, 5, numbers.Length);
                writer.Write(MemoryMarshal.AsBytes(numbers.AsSpan()));
                break;
            case bool[] flags:
                WriteListHead(writer, 7, flags.Length);
                writer.Write(MemoryMarshal.AsBytes(flags.AsSpan()));
                break;
            case byte[] bytes:
                WriteListHead(writer, 0, bytes.Length);
                writer.Write(bytes);
                break;
            default:
                throw new ArgumentException($"The key '{key}' has a value of type {value.GetType().Name}, which is not written.", nameof(value));
        }
    }

    private static void WriteListHead(BinaryWriter writer, uint type, int length)
    {
        writer.Write(9u);
        writer.Write(type);
        writer.Write((ulong)length);
    }

    private static void WriteText(BinaryWriter writer, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        writer.Write((ulong)bytes.Length);
        writer.Write(bytes);
    }

    private static void CheckFinite(Slot slot, ReadOnlySpan<float> values)
    {
        if (slot.Tensor.Type.BlockElements() == 1)
        {
            return;
        }

        for (var i = 0; i < values.Length; i++)
        {
            if (!float.IsFinite(values[i]))
            {
                throw new ModelFormatException(
                    slot.Tensor.Name, $"element {slot.Written + i} is {values[i]}, which cannot be quantised. The model is damaged; write it as f32 to look at it.");
            }
        }
    }

    private static long Aligned(long bytes) => (bytes + Alignment - 1) / Alignment * Alignment;

    private sealed class Slot(GgufTensorInfo tensor, long fileOffset)
    {
        internal GgufTensorInfo Tensor { get; } = tensor;

        internal long FileOffset { get; set; } = fileOffset;

        internal long Written { get; set; }
    }
}
