using System.Buffers.Binary;
using System.Text;
using Transfuse.Checkpoints.Safetensors;
using Transfuse.Errors;
using Transfuse.Tensors.Random;
using Transfuse.Tests.Shared;

namespace Transfuse.Tests.Checkpoints.Safetensors;

public sealed class SafetensorsFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Reads_every_element_type()
    {
        using var file = Open(
            """
            {"f32":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},
             "f16":{"dtype":"F16","shape":[1,2],"data_offsets":[8,12]},
             "bf16":{"dtype":"BF16","shape":[2],"data_offsets":[12,16]},
             "f64":{"dtype":"F64","shape":[1],"data_offsets":[16,24]},
             "i8":{"dtype":"I8","shape":[2],"data_offsets":[24,26]},
             "u8":{"dtype":"U8","shape":[2],"data_offsets":[26,28]},
             "i16":{"dtype":"I16","shape":[1],"data_offsets":[28,30]},
             "bool":{"dtype":"BOOL","shape":[2],"data_offsets":[30,32]},
             "i32":{"dtype":"I32","shape":[1],"data_offsets":[32,36]},
             "i64":{"dtype":"I64","shape":[],"data_offsets":[36,44]},
             "__metadata__":{"format":"pt"}}
            """,
            [
                .. Bytes(1.5f), .. Bytes(-2f),
                0x00, 0x3C, 0x66, 0x2E, // 1, 0.1 rounded to half
                0x80, 0x3F, 0x20, 0xC0, // 1, -2.5
                .. BitConverter.GetBytes(0.25),
                0xFF, 0x7F, 0xFF, 0x7F, 0xFE, 0xFF, 0x01, 0x00,
                .. BitConverter.GetBytes(-70000), .. BitConverter.GetBytes(long.MinValue),
            ]);
        Assert.Equal("pt", file.Metadata["format"]);
        Assert.Equal([1.5f, -2f], Singles(file, "f32"));
        Assert.Equal([1f, 0.099975586f], Singles(file, "f16"));
        Assert.Equal([1f, -2.5f], Singles(file, "bf16"));
        Assert.Equal([0.25f], Singles(file, "f64"));
        Assert.Equal([-1, 127], file.ReadInt64s(file.Get("i8")));
        Assert.Equal([255, 127], file.ReadInt64s(file.Get("u8")));
        Assert.Equal([-2], file.ReadInt64s(file.Get("i16")));
        Assert.Equal([1, 0], file.ReadInt64s(file.Get("bool")));
        Assert.Equal([-70000], file.ReadInt64s(file.Get("i32")));
        Assert.Equal([long.MinValue], file.ReadInt64s(file.Get("i64")));
        Assert.Equal([1, 2], file.Get("f16").Dimensions);
    }

    [Theory]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", "gaps or overlaps")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", "gaps or overlaps")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", "holds 8")]
    [InlineData("""{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}""", "cut off")]
    [InlineData("""{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}""", "does not fit")]
    [InlineData("""{"a":{"dtype":"F32","shape":[4294967296,4294967296,2],"data_offsets":[0,8]}}""", "does not fit")]
    [InlineData("""{"a":{"dtype":"F32","shape":[9223372036854775807],"data_offsets":[0,8]}}""", "does not fit")]
    [InlineData("""{"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}""", "expected a whole number")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}""", "begin")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8,9]}}""", "begin")]
    [InlineData("""{"a":{"dtype":"F32","shape":2,"data_offsets":[0,8]}}""", "shape")]
    [InlineData("""{"a":{"dtype":"F33","shape":[2],"data_offsets":[0,8]}}""", "F33")]
    [InlineData("""{"a":{"shape":[2],"data_offsets":[0,8]}}""", "dtype")]
    [InlineData("""{"a":[]}""", "expected an object")]
    [InlineData("""{"__metadata__":{"format":1},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", "expected a string")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", "a")]
    [InlineData("""{"\ud800":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", "header")]
    [InlineData("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}} x""", "JSON")]
    [InlineData("""[1]""", "'{'")]
    public void Refuses_an_altered_header(string header, string inMessage)
    {
        var exception = Assert.Throws<ModelFormatException>(() => Open(header, new byte[8]).Dispose());
        Assert.Contains(inMessage, exception.Message, StringComparison.Ordinal);
        Assert.Equal(_folder["t.safetensors"], exception.Path);
    }

    [Fact]
    public void Refuses_deep_nesting_and_invalid_utf8()
    {
        Assert.Throws<ModelFormatException>(() => Open($"{{\"a\":{new string('[', 100_000)}", []).Dispose());
        var bytes = Encoding.UTF8.GetBytes("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""");
        bytes[2] = 0xFF;
        Assert.Throws<ModelFormatException>(() => OpenRaw([.. Prefix((ulong)bytes.Length), .. bytes, .. new byte[8]]).Dispose());
    }

    [Theory]
    [InlineData(0UL)]
    [InlineData(1_000_000UL)]
    [InlineData(200_000_000UL)]
    [InlineData(ulong.MaxValue)]
    public void Refuses_a_header_length_that_the_file_does_not_hold(ulong length) =>
        Assert.Throws<ModelFormatException>(() => OpenRaw([.. Prefix(length), .. "{}"u8]).Dispose());

    [Fact]
    public void Missing_file_and_missing_tensor_are_named()
    {
        Assert.Throws<ModelFormatException>(() => SafetensorsFile.Open(_folder["none.safetensors"]));
        using var file = Open("{}", []);
        Assert.Contains("'x'", Assert.Throws<ModelFormatException>(() => file.Get("x")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_truncation_and_random_damage_gives_a_format_error_or_a_readable_file()
    {
        var path = _folder["whole.safetensors"];
        using (var writer = new SafetensorsWriter(path, [new("a.weight", SafetensorsType.F32, [3, 5]), new("b", SafetensorsType.BF16, [7])]))
        {
            writer.Write("a.weight", new float[15]);
            writer.Write("b", new float[7]);
            writer.Complete();
        }

        var whole = File.ReadAllBytes(path);
        for (var length = 0; length < whole.Length; length++)
        {
            var cut = whole[..length];
            Assert.Throws<ModelFormatException>(() => OpenRaw(cut).Dispose());
        }

        var random = new RandomStream(5, "damage");
        for (var trial = 0; trial < 2000; trial++)
        {
            var damaged = (byte[])whole.Clone();
            for (var i = 0; i <= random.NextInt32(3); i++)
            {
                damaged[random.NextInt32(whole.Length)] = (byte)random.NextInt32(256);
            }

            try
            {
                using var file = OpenRaw(damaged);
                foreach (var entry in file.Entries)
                {
                    Assert.Equal(entry.ByteCount, file.ReadBytes(entry).Length);
                }
            }
            catch (ModelFormatException)
            {
                // What a damaged file should give.
            }
        }
    }

    [Fact]
    public void A_file_cut_off_while_open_gives_a_format_error()
    {
        using var file = Open("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", new byte[8]);
        using (var stream = new FileStream(file.Path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
        {
            stream.SetLength(66);
        }

        Assert.Throws<ModelFormatException>(() => Singles(file, "a"));
    }

    [Fact]
    public void Wrong_kinds_of_elements_are_refused()
    {
        using var file = Open(
            """{"i":{"dtype":"I32","shape":[1],"data_offsets":[0,4]},"f":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", new byte[8]);
        Assert.Throws<ModelFormatException>(() => Singles(file, "i"));
        Assert.Throws<ModelFormatException>(() => file.ReadInt64s(file.Get("f")));
        Assert.Throws<ArgumentOutOfRangeException>(() => file.ReadSingles(file.Get("f"), 0, new float[2]));
    }

    [Fact]
    public void Widens_every_half_and_bfloat16()
    {
        const int count = 1 << 16;
        var bits = new byte[count * 2];
        for (var i = 0; i < count; i++)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(bits.AsSpan(2 * i), (ushort)i);
        }

        using var file = Open(
            """{"h":{"dtype":"F16","shape":[65536],"data_offsets":[0,131072]},"b":{"dtype":"BF16","shape":[65536],"data_offsets":[131072,262144]}}""",
            [.. bits, .. bits]);
        var halves = Singles(file, "h");
        var bfloats = Singles(file, "b");
        for (var i = 0; i < count; i++)
        {
            Assert.Equal((float)BitConverter.UInt16BitsToHalf((ushort)i), halves[i]);
            Assert.Equal(BitConverter.UInt32BitsToSingle((uint)i << 16), bfloats[i]);
        }
    }

    private static byte[] Bytes(float value) => BitConverter.GetBytes(value);

    private static float[] Singles(SafetensorsFile file, string name)
    {
        var values = new float[file.Get(name).ElementCount];
        file.ReadSingles(file.Get(name), 0, values);
        return values;
    }

    private static byte[] Prefix(ulong length) => BitConverter.GetBytes(length);

    private SafetensorsFile Open(string header, byte[] data)
    {
        var bytes = Encoding.UTF8.GetBytes(header);
        return OpenRaw([.. Prefix((ulong)bytes.Length), .. bytes, .. data]);
    }

    private SafetensorsFile OpenRaw(byte[] content) => SafetensorsFile.Open(_folder.Write("t.safetensors", content));
}
