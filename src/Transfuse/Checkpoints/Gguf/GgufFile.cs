using Microsoft.Win32.SafeHandles;
using Transfuse.Errors;
using Transfuse.Tensors.Devices.Cpu.Quantized;

namespace Transfuse.Checkpoints.Gguf;

/// <summary>
/// A GGUF file opened for reading. Only the header is read at once; tensors are read, and widened to float32, when asked for. Thread safe.
/// </summary>
public sealed class GgufFile : IDisposable
{
    /// <summary>Ending of the names of such files.</summary>
    public const string Extension = ".gguf";

    private const int ChunkBytes = 1 << 18;
    private readonly SafeFileHandle _file;
    private readonly Dictionary<string, GgufEntry> _byName;

    private GgufFile(SafeFileHandle file, string path, GgufHeader header)
    {
        _file = file;
        Path = path;
        Version = header.Version;
        Metadata = header.Metadata;
        Entries = header.Entries;
        _byName = header.Entries.ToDictionary(entry => entry.Name, StringComparer.Ordinal);
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>Version of the format, 2 or 3.</summary>
    public uint Version { get; }

    /// <summary>Keys and values.</summary>
    public GgufMetadata Metadata { get; }

    /// <summary>All tensors, in the order of the file.</summary>
    public IReadOnlyList<GgufEntry> Entries { get; }

    /// <summary>Opens a file and checks its whole header.</summary>
    /// <exception cref="ModelFormatException">The file cannot be opened or does not hold what the format promises.</exception>
    public static GgufFile Open(string path) => CheckpointFile.Open(path, file => new GgufFile(file, path, GgufHeader.Read(new GgufInput(file, path))));

    /// <summary>The tensor of a name, or null.</summary>
    public GgufEntry? Find(string name) => _byName.GetValueOrDefault(name);

    /// <summary>Reads elements as float32.</summary>
    /// <param name="entry">A tensor of this file.</param>
    /// <param name="start">First element, at the beginning of a block.</param>
    /// <param name="destination">Receives as many elements as it is long, a whole number of blocks.</param>
    /// <exception cref="ModelFormatException">The file was cut off.</exception>
    public void ReadSingles(GgufEntry entry, long start, Span<float> destination)
    {
        ArgumentNullException.ThrowIfNull(entry);
        RequireInside(start, destination.Length, entry.ElementCount);
        var (elements, bytes) = (entry.Type.BlockElements(), entry.Type.BlockBytes());
        var position = entry.Offset + entry.Type.ByteCount(start);
        var blocks = Math.Max(1, ChunkBytes / bytes);
        var chunk = new byte[(int)Math.Min(entry.Type.ByteCount(destination.Length), (long)blocks * bytes)];
        while (!destination.IsEmpty)
        {
            var count = Math.Min(destination.Length, blocks * elements);
            var part = chunk.AsSpan(0, (int)entry.Type.ByteCount(count));
            CheckpointFile.ReadExactly(_file, Path, part, position);
            BlockFormat.Widen(entry.Type, part, destination[..count]);
            position += part.Length;
            destination = destination[count..];
        }
    }

    /// <summary>Reads bytes of a tensor as they lie in the file.</summary>
    /// <param name="entry">A tensor of this file.</param>
    /// <param name="start">First byte within the tensor.</param>
    /// <param name="destination">Receives as many bytes as it is long.</param>
    /// <exception cref="ModelFormatException">The file was cut off.</exception>
    public void ReadBytes(GgufEntry entry, long start, Span<byte> destination)
    {
        ArgumentNullException.ThrowIfNull(entry);
        RequireInside(start, destination.Length, entry.ByteCount);
        CheckpointFile.ReadExactly(_file, Path, destination, entry.Offset + start);
    }

    /// <summary>All elements as float32.</summary>
    /// <exception cref="ModelFormatException">There are 2³¹ or more, or the file was cut off.</exception>
    public float[] ReadSingles(GgufEntry entry)
    {
        ArgumentNullException.ThrowIfNull(entry);
        if (entry.ElementCount > Array.MaxLength)
        {
            throw new ModelFormatException(Path, $"tensor '{entry.Name}' has {entry.ElementCount:N0} elements, too many to read at once.");
        }

        var values = new float[entry.ElementCount];
        ReadSingles(entry, 0, values);
        return values;
    }

    /// <summary>Closes the file.</summary>
    public void Dispose() => _file.Dispose();

    private static void RequireInside(long start, int count, long total)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, total - start);
    }
}
