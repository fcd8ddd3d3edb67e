using System.Buffers.Binary;
using System.Numerics;

namespace Transfuse.Distributions;

/// <summary>CRC-32C (Castagnoli, RFC 3720 appendix B.4): the checksum of the store's blocks.</summary>
internal static class Crc32C
{
    /// <summary>Checksum of bytes.</summary>
    public static uint Of(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        while (bytes.Length >= sizeof(ulong))
        {
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
            bytes = bytes[sizeof(ulong)..];
        }

        foreach (var value in bytes)
        {
            crc = BitOperations.Crc32C(crc, value);
        }

        return ~crc;
    }
}
