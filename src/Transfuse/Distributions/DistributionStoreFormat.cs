using System.Buffers.Binary;
using Transfuse.Artifacts;
using Transfuse.Errors;

namespace Transfuse.Distributions;

/// <summary>Names and framing of the store's files; the whole format is in <c>docs/design/distribution-store.md</c>.</summary>
internal static class DistributionStoreFormat
{
    public const string Kind = "distributions";
    public const int Version = 1;
    public const string DataFileName = "distributions.bin";
    public const string IndexFileName = "index.bin";

    /// <summary>Magic, length and checksum before the header's JSON.</summary>
    public const int PreambleLength = 16;

    /// <summary>Most bytes of one document's payload.</summary>
    public const int LongestPayload = 1 << 30;

    private const int LongestHeader = 1 << 20;

    private static ReadOnlySpan<byte> Magic => "TFDIST\0\x01"u8;

    /// <summary>The bytes at the start of the data file: magic, length and CRC-32C of the JSON, the JSON of the store's identity.</summary>
    public static byte[] EncodeHeader(Manifest identity)
    {
        var json = identity.ToJson();
        var header = new byte[PreambleLength + json.Length];
        Magic.CopyTo(header);
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(8), json.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(12), Crc32C.Of(json));
        json.CopyTo(header, PreambleLength);
        return header;
    }

    /// <summary>Reads the header and says where the first block begins.</summary>
    /// <exception cref="ArtifactException">The file does not begin with a header of this format.</exception>
    public static (Manifest Identity, long BlocksStart) ReadHeader(string path, StoreFileReader file)
    {
        if (file.Length < PreambleLength)
        {
            throw new ArtifactException(path, $"has {file.Length} bytes, too few for a distribution store. Capture it again.");
        }

        Span<byte> preamble = stackalloc byte[PreambleLength];
        file.Read(0, preamble);
        var length = BinaryPrimitives.ReadInt32LittleEndian(preamble[8..]);
        if (!preamble.StartsWith(Magic) || length < 0 || length > Math.Min(LongestHeader, file.Length - PreambleLength))
        {
            throw new ArtifactException(
                path, "does not begin like a distribution store of version 1. It is another file, damaged, or of a newer version.");
        }

        var json = new byte[length];
        file.Read(PreambleLength, json);
        if (Crc32C.Of(json) != BinaryPrimitives.ReadUInt32LittleEndian(preamble[12..]))
        {
            throw new ArtifactException(
                path, $"has a header (byte {PreambleLength}) whose checksum does not hold. The file was altered; capture it again.");
        }

        return (ManifestReader.Parse(path, json), PreambleLength + length);
    }
}
