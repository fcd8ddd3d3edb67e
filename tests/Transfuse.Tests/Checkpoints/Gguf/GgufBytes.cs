using System.Text;

namespace Transfuse.Tests.Checkpoints.Gguf;

/// <summary>Writes GGUF files byte by byte, right or wrong ones, independently of the product's writer.</summary>
internal sealed class GgufBytes
{
    private readonly List<byte[]> _keys = [];
    private readonly List<byte[]> _tensors = [];

    public uint Version { get; set; } = 3;

    public string Magic { get; set; } = "GGUF";

    public ulong? KeyCount { get; set; }

    public ulong? TensorCount { get; set; }

    public int Alignment { get; set; } = 32;

    public byte[] Data { get; set; } = [];

    internal static byte[] Text(string text) => [.. BitConverter.GetBytes((ulong)Encoding.UTF8.GetByteCount(text)), .. Encoding.UTF8.GetBytes(text)];

    internal GgufBytes Key(string name, uint type, params byte[] value)
    {
        _keys.Add([.. Text(name), .. BitConverter.GetBytes(type), .. value]);
        return this;
    }

    internal GgufBytes Key(string name, string value) => Key(name, 8, Text(value));

    internal GgufBytes Key(string name, uint value) => Key(name, 4, BitConverter.GetBytes(value));

    internal GgufBytes Tensor(string name, uint type, ulong offset, params ulong[] innermostFirst)
    {
        _tensors.Add(
        [
            .. Text(name), .. BitConverter.GetBytes((uint)innermostFirst.Length), .. innermostFirst.SelectMany(BitConverter.GetBytes), .. BitConverter.GetBytes(type),
            .. BitConverter.GetBytes(offset),
        ]);
        return this;
    }

    internal byte[] ToArray()
    {
        List<byte> bytes =
        [
            .. Encoding.ASCII.GetBytes(Magic), .. BitConverter.GetBytes(Version), .. BitConverter.GetBytes(TensorCount ?? (ulong)_tensors.Count),
            .. BitConverter.GetBytes(KeyCount ?? (ulong)_keys.Count), .. _keys.SelectMany(key => key), .. _tensors.SelectMany(tensor => tensor),
        ];
        while (bytes.Count % Alignment != 0)
        {
            bytes.Add(0);
        }

        return [.. bytes, .. Data];
    }
}
