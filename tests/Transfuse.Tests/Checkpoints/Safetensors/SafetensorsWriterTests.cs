using System.Text;
using Transfuse.Checkpoints.Safetensors;
using Transfuse.Tests.Shared;

namespace Transfuse.Tests.Checkpoints.Safetensors;

public sealed class SafetensorsWriterTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Writes_the_reference_layout_whatever_the_order_of_calls()
    {
        using (var writer = new SafetensorsWriter(
            _folder["m.safetensors"],
            [new("z", SafetensorsType.BF16, [2]), new("b", SafetensorsType.F32, [1, 2]), new("a", SafetensorsType.F32, [])]))
        {
            writer.Write("b", [1f]);
            writer.Write("z", [1f, -2.5f]);
            writer.Write("a", [3f]);
            writer.Write("b", [2f]);
            writer.Complete();
        }

        var bytes = File.ReadAllBytes(_folder["m.safetensors"]);
        const string header = """{"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1,2],"data_offsets":[4,12]},"z":{"dtype":"BF16","shape":[2],"data_offsets":[12,16]}}""";
        var length = BitConverter.ToInt32(bytes);
        Assert.Equal(0, length % 8);
        Assert.Equal(header, Encoding.UTF8.GetString(bytes, 8, length).TrimEnd(' '));
        Assert.Equal([3f, 1f, 2f], Enumerable.Range(0, 3).Select(i => BitConverter.ToSingle(bytes, 8 + length + (4 * i))));
        Assert.Equal([0x80, 0x3F, 0x20, 0xC0], bytes[(8 + length + 12)..]);
        Assert.Equal(_folder["m.safetensors"], Assert.Single(Directory.GetFiles(_folder.FullPath)));
    }

    [Theory]
    [InlineData(0x3DCCCCCDu, 0x3DCD)] // 0.1
    [InlineData(0x40490FDBu, 0x4049)] // pi
    [InlineData(0x3F808000u, 0x3F80)] // tie to even, down
    [InlineData(0x3F818000u, 0x3F82)] // tie to even, up
    [InlineData(0x7F7FFFFFu, 0x7F80)] // overflows to infinity
    [InlineData(0xFF800000u, 0xFF80)]
    [InlineData(0x7F800001u, 0x7FC0)] // a signalling NaN stays a NaN
    [InlineData(0x00000001u, 0x0000)]
    [InlineData(0x80000000u, 0x8000)]
    public void Rounds_bfloat16_to_nearest_even(uint single, int expected)
    {
        using (var writer = new SafetensorsWriter(_folder["b.safetensors"], [new("x", SafetensorsType.BF16, [1])]))
        {
            writer.Write("x", [BitConverter.UInt32BitsToSingle(single)]);
            writer.Complete();
        }

        Assert.Equal(expected, BitConverter.ToUInt16(File.ReadAllBytes(_folder["b.safetensors"]).AsSpan()[^2..]));
    }

    [Fact]
    public void Half_precision_survives_chunks_and_comes_back()
    {
        const int count = 200_003;
        var values = Enumerable.Range(0, count).Select(i => (i - 100_000) / 64f).ToArray();
        using (var writer = new SafetensorsWriter(_folder["h.safetensors"], [new("x", SafetensorsType.F16, [count])]))
        {
            writer.Write("x", values.AsSpan(0, 70_001));
            writer.Write("x", values.AsSpan(70_001));
            writer.Complete();
        }

        using var file = SafetensorsFile.Open(_folder["h.safetensors"]);
        var read = new float[count];
        file.ReadSingles(file.Get("x"), 0, read);
        Assert.Equal(values.Select(value => (float)(Half)value), read);
        var part = new float[5];
        file.ReadSingles(file.Get("x"), 131_070, part);
        Assert.Equal(read[131_070..131_075], part);
    }

    [Fact]
    public void An_unfinished_file_keeps_the_old_one_and_leaves_nothing()
    {
        File.WriteAllText(_folder["m.safetensors"], "old");
        using (var writer = new SafetensorsWriter(_folder["m.safetensors"], [new("x", SafetensorsType.F32, [2])]))
        {
            writer.Write("x", [1f]);
            Assert.Throws<InvalidOperationException>(writer.Complete);
            Assert.Throws<ArgumentException>(() => writer.Write("x", new float[2]));
            Assert.Throws<ArgumentException>(() => writer.Write("y", new float[1]));
        }

        Assert.Equal("old", File.ReadAllText(_folder["m.safetensors"]));
        Assert.Single(Directory.GetFiles(_folder.FullPath));
    }

    [Fact]
    public void Refuses_names_twice_and_types_it_cannot_write()
    {
        Assert.Throws<ArgumentException>(() => new SafetensorsWriter(_folder["x"], [new("a", SafetensorsType.F32, [1]), new("a", SafetensorsType.F16, [1])]));
        Assert.Throws<ArgumentException>(() => new SafetensorsWriter(_folder["x"], [new("a", SafetensorsType.I32, [1])]));
        Assert.Throws<ArgumentException>(() => new SafetensorsWriter(_folder["x"], [new("__metadata__", SafetensorsType.F32, [1])]));
    }
}
