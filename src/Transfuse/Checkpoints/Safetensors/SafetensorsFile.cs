using System.Numerics;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Transfuse.Errors;
using Transfuse.Tensors;

namespace Transfuse.Checkpoints.Safetensors;

/// <summary>
/// A safetensors file opened for reading. Only the header is read at once; tensors are read, and widened to float32, when asked for.
/// Thread safe.
/// </summary>
/// <remarks>
/// Bytes are read at their position straight into their final place rather than mapped: the cost is the same copy, and a file that
/// is cut off while it is open gives an error instead of ending the process.
/// </remarks>
public sealed class SafetensorsFile : IDisposable
{
    private const int ChunkBytes = 1 << 18;
    private readonly SafeFileHandle _file;
    private readonly Dictionary<string, SafetensorsEntry> _byName;

    private SafetensorsFile(SafeFileHandle file, string path, SafetensorsHeader header)
    {
        _file = file;
        Path = path;
        Entries = header.Entries;
        Metadata = header.Metadata;
        _byName = header.Entries.ToDictionary(entry => entry.Name, StringComparer.Ordinal);
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>All tensors, in the order of their bytes.</summary>
    public IReadOnlyList<SafetensorsEntry> Entries { get; }

    /// <summary>The strings of <c>__metadata__</c>.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>Opens a file and checks its whole header.</summary>
    /// <exception cref="ModelFormatException">The file cannot be opened or does not hold what the format promises.</exception>
    public static SafetensorsFile Open(string path) => CheckpointFile.Open(path, file => new SafetensorsFile(file, path, SafetensorsHeader.Read(file, path)));

    /// <summary>The tensor of a name, or null.</summary>
    public SafetensorsEntry? Find(string name) => _byName.GetValueOrDefault(name);

    /// <summary>The tensor of a name.</summary>
    /// <exception cref="ModelFormatException">The file has no such tensor.</exception>
    public SafetensorsEntry Get(string name) => Find(name)
        ?? throw new ModelFormatException(Path, $"has no tensor '{name}'; it has {Entries.Count} others.");

    /// <summary>Reads elements of an F32, F16, BF16 or F64 tensor as float32.</summary>
    /// <param name="entry">A tensor of this file.</param>
    /// <param name="start">First element.</param>
    /// <param name="destination">Receives as many elements as it is long.</param>
    /// <exception cref="ModelFormatException">The tensor holds no real numbers, or the file was cut off.</exception>
    public void ReadSingles(SafetensorsEntry entry, long start, Span<float> destination)
    {
        ArgumentNullException.ThrowIfNull(entry);
        if (!entry.Type.IsReal())
        {
            throw new ModelFormatException(Path, $"tensor '{entry.Name}' holds {entry.Type}, expected F32, F16, BF16 or F64.");
        }

        CheckRange(entry, start, destination.Length);
        var size = entry.Type.SizeInBytes();
        if (entry.Type == SafetensorsType.F32)
        {
            CheckpointFile.ReadExactly(_file, Path, MemoryMarshal.AsBytes(destination), entry.Offset + (start * size));
            return;
        }

        var chunk = new byte[Math.Min((long)destination.Length * size, ChunkBytes)];
        while (!destination.IsEmpty)
        {
            var count = Math.Min(destination.Length, chunk.Length / size);
            var bytes = chunk.AsSpan(0, count * size);
            CheckpointFile.ReadExactly(_file, Path, bytes, entry.Offset + (start * size));
            Widen(entry.Type, bytes, destination[..count]);
            destination = destination[count..];
            start += count;
        }
    }

    /// <summary>Fills <paramref name="destination"/>, which may have more than 2³¹ elements, from element <paramref name="start"/> on.</summary>
    public void ReadSingles(SafetensorsEntry entry, long start, Tensor destination)
    {
        ArgumentNullException.ThrowIfNull(destination);
        if (destination.Length <= int.MaxValue)
        {
            ReadSingles(entry, start, destination.AsSpan());
            return;
        }

        for (var row = 0; row < destination.Rows; row++)
        {
            ReadSingles(entry, start + ((long)row * destination.Columns), destination.Row(row));
        }
    }

    /// <summary>All elements of an integer or boolean tensor.</summary>
    /// <exception cref="ModelFormatException">The tensor holds no integers, or a U64 above 2⁶³ − 1.</exception>
    public long[] ReadInt64s(SafetensorsEntry entry)
    {
        ArgumentNullException.ThrowIfNull(entry);
        var bytes = ReadBytes(entry);
        return entry.Type switch
        {
            SafetensorsType.BOOL or SafetensorsType.U8 => Array.ConvertAll(bytes, value => (long)value),
            SafetensorsType.I8 => Array.ConvertAll(bytes, value => (long)(sbyte)value),
            SafetensorsType.I16 => Convert<short>(bytes),
            SafetensorsType.U16 => Convert<ushort>(bytes),
            SafetensorsType.I32 => Convert<int>(bytes),
            SafetensorsType.U32 => Convert<uint>(bytes),
            SafetensorsType.I64 => Convert<long>(bytes),
            SafetensorsType.U64 when !MemoryMarshal.Cast<byte, long>(bytes).ContainsAnyInRange(long.MinValue, -1) => Convert<ulong>(bytes),
            _ => throw new ModelFormatException(Path, $"tensor '{entry.Name}' holds {entry.Type} values that are no 64-bit integers."),
        };
    }

    /// <summary>All bytes of a tensor as they lie in the file.</summary>
    /// <exception cref="ModelFormatException">The tensor has 2³¹ bytes or more, or the file was cut off.</exception>
    public byte[] ReadBytes(SafetensorsEntry entry)
    {
        ArgumentNullException.ThrowIfNull(entry);
        if (entry.ByteCount > Array.MaxLength)
        {
            throw new ModelFormatException(Path, $"tensor '{entry.Name}' has {entry.ByteCount:N0} bytes, too many to read at once.");
        }

        var bytes = new byte[entry.ByteCount];
        CheckpointFile.ReadExactly(_file, Path, bytes, entry.Offset);
        return bytes;
    }

    /// <summary>Reads bytes of a tensor as they lie in the file.</summary>
    /// <param name="entry">A tensor of this file.</param>
    /// <param name="start">First byte within the tensor.</param>
    /// <param name="destination">Receives as many bytes as it is long.</param>
    /// <exception cref="ModelFormatException">The file was cut off.</exception>
    public void ReadBytes(SafetensorsEntry entry, long start, Span<byte> destination)
    {
        ArgumentNullException.ThrowIfNull(entry);
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        if (start > entry.ByteCount - destination.Length)
        {
            throw new ArgumentOutOfRangeException(nameof(start), start, $"Tensor '{entry.Name}' has {entry.ByteCount} bytes.");
        }

        CheckpointFile.ReadExactly(_file, Path, destination, entry.Offset + start);
    }

    /// <summary>Closes the file.</summary>
    public void Dispose() => _file.Dispose();

    private static void Widen(SafetensorsType type, ReadOnlySpan<byte> source, Span<float> destination)
    {
        switch (type)
        {
            case SafetensorsType.BF16:
                WidenBFloat16(MemoryMarshal.Cast<byte, ushort>(source), destination);
                break;
            case SafetensorsType.F16:
                var halves = MemoryMarshal.Cast<byte, Half>(source);
                for (var i = 0; i < destination.Length; i++)
                {
                    destination[i] = (float)halves[i];
                }

                break;
            default:
                var doubles = MemoryMarshal.Cast<byte, double>(source);
                for (var i = 0; i < destination.Length; i++)
                {
                    destination[i] = (float)doubles[i];
                }

                break;
        }
    }

    private static void WidenBFloat16(ReadOnlySpan<ushort> source, Span<float> destination)
    {
        var bits = MemoryMarshal.Cast<float, uint>(destination);
        var i = 0;
        for (; i <= source.Length - Vector<ushort>.Count; i += Vector<ushort>.Count)
        {
            Vector.Widen(new Vector<ushort>(source[i..]), out var lower, out var upper);
            (lower << 16).CopyTo(bits[i..]);
            (upper << 16).CopyTo(bits[(i + Vector<uint>.Count)..]);
        }

        for (; i < source.Length; i++)
        {
            bits[i] = (uint)source[i] << 16;
        }
    }

    private static long[] Convert<T>(byte[] bytes)
        where T : unmanaged, IBinaryInteger<T>
    {
        var values = MemoryMarshal.Cast<byte, T>(bytes);
        var result = new long[values.Length];
        for (var i = 0; i < result.Length; i++)
        {
            result[i] = long.CreateTruncating(values[i]);
        }

        return result;
    }

    private static void CheckRange(SafetensorsEntry entry, long start, int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, entry.ElementCount - start);
    }
}
