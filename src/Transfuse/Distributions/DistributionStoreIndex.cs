using System.Buffers.Binary;
using System.Text;
using Transfuse.Errors;

namespace Transfuse.Distributions;

/// <summary>Ids and positions of a store's documents, in order.</summary>
internal sealed class DistributionStoreIndex
{
    private readonly List<string> _ids = [];
    private readonly List<long> _positions = [];
    private readonly Dictionary<string, int> _ordinals = new(StringComparer.Ordinal);

    /// <summary>Ids in the store's order.</summary>
    public IReadOnlyList<string> Ids => _ids;

    /// <summary>Position of a document's block in the data file.</summary>
    public long PositionOf(int ordinal) => _positions[ordinal];

    /// <summary>Whether the store has the document, and as which.</summary>
    public bool TryFind(string id, out int ordinal) => _ordinals.TryGetValue(id, out ordinal);

    /// <summary>Adds the next document; false if its id is there already.</summary>
    public bool TryAdd(string id, long position)
    {
        if (!_ordinals.TryAdd(id, _ids.Count))
        {
            return false;
        }

        _ids.Add(id);
        _positions.Add(position);
        return true;
    }

    /// <summary>The index as a file: number of documents, each one's id and position, a CRC-32C over all.</summary>
    public byte[] Encode()
    {
        var bytes = new List<byte>();
        DistributionCodec.WriteVarint(bytes, _ids.Count);
        Span<byte> number = stackalloc byte[sizeof(long)];
        for (var i = 0; i < _ids.Count; i++)
        {
            var id = Encoding.UTF8.GetBytes(_ids[i]);
            DistributionCodec.WriteVarint(bytes, id.Length);
            bytes.AddRange(id);
            BinaryPrimitives.WriteInt64LittleEndian(number, _positions[i]);
            bytes.AddRange(number);
        }

        BinaryPrimitives.WriteUInt32LittleEndian(number, Crc32C.Of(bytes.ToArray()));
        bytes.AddRange(number[..sizeof(uint)]);
        return bytes.ToArray();
    }

    /// <summary>Reads an index file.</summary>
    /// <exception cref="ArtifactException">It is damaged.</exception>
    public static DistributionStoreIndex Read(string path)
    {
        try
        {
            return Decode(File.ReadAllBytes(path));
        }
        catch (InvalidDataException exception)
        {
            throw new ArtifactException(
                path, $"is no index of a distribution store: {exception.Message}. The file was altered; "
                + "capture the store again.", exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new ArtifactException(path, $"cannot be read ({exception.Message}).", exception);
        }
    }

    private static DistributionStoreIndex Decode(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length <= sizeof(uint)
            || Crc32C.Of(bytes[..^sizeof(uint)]) != BinaryPrimitives.ReadUInt32LittleEndian(bytes[^sizeof(uint)..]))
        {
            throw new InvalidDataException("the checksum does not hold");
        }

        bytes = bytes[..^sizeof(uint)];
        var index = new DistributionStoreIndex();
        var position = 0;
        var count = DistributionCodec.ReadVarint(bytes, ref position);
        for (var i = 0; i < count; i++)
        {
            var length = DistributionCodec.ReadVarint(bytes, ref position);
            if (bytes.Length - position - sizeof(long) < length)
            {
                throw new InvalidDataException($"it ends within document {i}");
            }

            var id = Encoding.UTF8.GetString(bytes.Slice(position, length));
            if (!index.TryAdd(id, BinaryPrimitives.ReadInt64LittleEndian(bytes[(position + length)..])))
            {
                throw new InvalidDataException($"the document '{id}' appears twice");
            }

            position += length + sizeof(long);
        }

        return position == bytes.Length ? index : throw new InvalidDataException("bytes follow after the last document");
    }
}
