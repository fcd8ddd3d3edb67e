using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Transfuse.Artifacts;
using Transfuse.Errors;

namespace Transfuse.Alignment;

/// <summary>
/// A vocabulary map as a file. Little-endian: <c>TFVM</c>, version, kind, source size, target size, entries (int32 each), the two tokenizers'
/// hashes (length and UTF-8 each), row starts, target ids, probabilities (float32), SHA-256 of all before it.
/// </summary>
public static class VocabularyMapFile
{
    private const int Version = 1;
    private const int HeaderBytes = 24;
    private const int MaximumHashBytes = 1024;
    private static ReadOnlySpan<byte> Magic => "TFVM"u8;

    /// <summary>A file name for the map of two tokenizers, by which a cache finds it again.</summary>
    /// <param name="kind">How the map is made.</param>
    /// <param name="sourceHash">Content hash of the source's tokenizer.</param>
    /// <param name="targetHash">Content hash of the target's tokenizer.</param>
    /// <param name="corpusHash">Content hash of the reference text, empty for maps that need none.</param>
    public static string NameOf(VocabularyMapKind kind, string sourceHash, string targetHash, string corpusHash = "")
    {
        var key = SHA256.HashData(Encoding.UTF8.GetBytes($"{kind}\n{sourceHash}\n{targetHash}\n{corpusHash}"));
        return $"{Convert.ToHexStringLower(key.AsSpan(0, 16))}.map";
    }

    /// <summary>Writes a map; the file appears under its name only when complete.</summary>
    /// <param name="path">The file.</param>
    /// <param name="map">The map.</param>
    /// <exception cref="ArtifactException">The file cannot be written.</exception>
    public static void Write(string path, VocabularyMap map)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(map);
        AtomicFile.Write(path, Serialize(map));
    }

    /// <summary>Reads a map.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="ArtifactException">The file is missing, altered, or of another version.</exception>
    public static VocabularyMap Read(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        try
        {
            return Parse(path, File.ReadAllBytes(path));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new ArtifactException(path, $"the vocabulary map cannot be read ({exception.Message}). Build it again.", exception);
        }
    }

    private static byte[] Serialize(VocabularyMap map)
    {
        using var buffer = new MemoryStream();
        using (var writer = new BinaryWriter(buffer, Encoding.UTF8, leaveOpen: true))
        {
            writer.Write(Magic);
            foreach (var number in (ReadOnlySpan<int>)[Version, (int)map.Kind, map.SourceSize, map.TargetSize, map.EntryCount])
            {
                writer.Write(number);
            }

            foreach (var hash in (ReadOnlySpan<string>)[map.SourceHash, map.TargetHash])
            {
                var bytes = Encoding.UTF8.GetBytes(hash);
                writer.Write(bytes.Length);
                writer.Write(bytes);
            }

            WriteAll(writer, map.Starts);
            WriteAll(writer, map.Targets);
            foreach (var probability in map.Probabilities)
            {
                writer.Write(probability);
            }
        }

        var content = buffer.ToArray();
        return [.. content, .. SHA256.HashData(content)];
    }

    private static void WriteAll(BinaryWriter writer, ReadOnlySpan<int> numbers)
    {
        foreach (var number in numbers)
        {
            writer.Write(number);
        }
    }

    private static VocabularyMap Parse(string path, ReadOnlySpan<byte> file)
    {
        if (file.Length < HeaderBytes + SHA256.HashSizeInBytes || !file.StartsWith(Magic))
        {
            throw new ArtifactException(path, "this is no vocabulary map (it does not begin with TFVM). Build it again.");
        }

        var content = file[..^SHA256.HashSizeInBytes];
        if (!SHA256.HashData(content).AsSpan().SequenceEqual(file[^SHA256.HashSizeInBytes..]))
        {
            throw new ArtifactException(path, "the vocabulary map's checksum does not match its content. Build it again.");
        }

        var header = content[Magic.Length..];
        var (version, kind) = (Int(header, 0), Int(header, 1));
        if (version != Version || !Enum.IsDefined((VocabularyMapKind)kind))
        {
            throw new ArtifactException(path, $"the vocabulary map has version {version} and kind {kind}; this build reads version {Version}. Build it again.");
        }

        return ParseBody(path, content, (VocabularyMapKind)kind, (Int(header, 2), Int(header, 3), Int(header, 4)));
    }

    private static VocabularyMap ParseBody(
        string path, ReadOnlySpan<byte> content, VocabularyMapKind kind, (int SourceSize, int TargetSize, int Entries) sizes)
    {
        var rest = content[HeaderBytes..];
        var sourceHash = TakeText(path, ref rest);
        var targetHash = TakeText(path, ref rest);
        var (sourceSize, targetSize, entries) = sizes;
        var expected = (4L * (sourceSize + 1L)) + (8L * entries);
        if (sourceSize < 0 || targetSize < 0 || entries < 0 || expected != rest.Length)
        {
            throw new ArtifactException(
                path, $"the vocabulary map announces {sourceSize} rows and {entries} entries ({expected} bytes), but {rest.Length} bytes follow. Build it again.");
        }

        var starts = new int[sourceSize + 1];
        var targets = new int[entries];
        var probabilities = new float[entries];
        Take<int>(starts, ref rest);
        Take<int>(targets, ref rest);
        Take<float>(probabilities, ref rest);
        try
        {
            return new VocabularyMap(kind, sourceHash, targetHash, targetSize, starts, targets, probabilities);
        }
        catch (TransfuseException exception)
        {
            throw new ArtifactException(path, exception.Message, exception);
        }
    }

    private static int Int(ReadOnlySpan<byte> bytes, int index) => BinaryPrimitives.ReadInt32LittleEndian(bytes[(4 * index)..]);

    private static string TakeText(string path, ref ReadOnlySpan<byte> rest)
    {
        var length = rest.Length >= 4 ? Int(rest, 0) : -1;
        if (length is < 0 or > MaximumHashBytes || length > rest.Length - 4)
        {
            throw new ArtifactException(path, $"the vocabulary map announces a hash of {length} bytes; expected 0 to {MaximumHashBytes}. Build it again.");
        }

        var text = Encoding.UTF8.GetString(rest.Slice(4, length));
        rest = rest[(4 + length)..];
        return text;
    }

    /// <summary>Fills an array of four-byte numbers, turning the byte order where the machine's is another.</summary>
    private static void Take<T>(Span<T> numbers, ref ReadOnlySpan<byte> rest)
        where T : unmanaged
    {
        var bytes = MemoryMarshal.AsBytes(numbers);
        rest[..bytes.Length].CopyTo(bytes);
        rest = rest[bytes.Length..];
        if (!BitConverter.IsLittleEndian)
        {
            var words = MemoryMarshal.Cast<T, int>(numbers);
            BinaryPrimitives.ReverseEndianness(words, words);
        }
    }
}
