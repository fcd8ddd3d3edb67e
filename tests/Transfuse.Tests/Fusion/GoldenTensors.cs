using System.Runtime.InteropServices;
using System.Text.Json;

namespace Transfuse.Tests.Fusion;

/// <summary>The float32 tensors of a golden's safetensors file.</summary>
internal sealed class GoldenTensors
{
    private readonly byte[] _bytes;
    private readonly JsonElement _header;
    private readonly int _start;

    internal GoldenTensors(string folder)
    {
        _bytes = File.ReadAllBytes(Path.Combine(folder, "golden.safetensors"));
        var length = (int)BitConverter.ToUInt64(_bytes, 0);
        _start = 8 + length;
        using var document = JsonDocument.Parse(_bytes.AsMemory(8, length));
        _header = document.RootElement.Clone();
    }

    /// <summary>Row (i, j) of a tensor [rows, positions, vocabulary].</summary>
    internal float[] Row(string name, int i, int j)
    {
        var entry = _header.GetProperty(name);
        Assert.Equal("F32", entry.GetProperty("dtype").GetString());
        var shape = entry.GetProperty("shape").EnumerateArray().Select(size => size.GetInt32()).ToArray();
        var offset = entry.GetProperty("data_offsets")[0].GetInt32() + (((i * shape[1]) + j) * shape[2] * sizeof(float));
        return MemoryMarshal.Cast<byte, float>(_bytes.AsSpan(_start + offset, shape[2] * sizeof(float))).ToArray();
    }
}
