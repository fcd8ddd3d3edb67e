using System.Buffers.Binary;

namespace Transfuse.Distributions;

/// <summary>What stands before each document's payload.</summary>
/// <param name="Length">Bytes of the payload.</param>
/// <param name="Ordinal">Number of the document in the store, from 0: a block lost or moved shows.</param>
/// <param name="Checksum">CRC-32C of the payload.</param>
internal readonly record struct BlockHeader(int Length, int Ordinal, uint Checksum)
{
    /// <summary>Bytes of a header.</summary>
    public const int Size = 16;

    private const int OwnChecksum = 12;

    /// <summary>Writes the header with its own checksum.</summary>
    public void Write(Span<byte> destination)
    {
        BinaryPrimitives.WriteInt32LittleEndian(destination, Length);
        BinaryPrimitives.WriteInt32LittleEndian(destination[4..], Ordinal);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[8..], Checksum);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[OwnChecksum..], Crc32C.Of(destination[..OwnChecksum]));
    }

    /// <summary>Reads a header; null where the bytes are none.</summary>
    public static BlockHeader? Read(ReadOnlySpan<byte> source)
    {
        var header = new BlockHeader(
            BinaryPrimitives.ReadInt32LittleEndian(source),
            BinaryPrimitives.ReadInt32LittleEndian(source[4..]),
            BinaryPrimitives.ReadUInt32LittleEndian(source[8..]));
        var holds = Crc32C.Of(source[..OwnChecksum]) == BinaryPrimitives.ReadUInt32LittleEndian(source[OwnChecksum..]);
        return holds && header.Length is > 0 and <= DistributionStoreFormat.LongestPayload && header.Ordinal >= 0 ? header : null;
    }
}
