using Transfuse.Checkpoints.Gguf;
using Transfuse.Errors;
using Transfuse.Tensors;
using Transfuse.Tests.Shared;

namespace Transfuse.Tests.Checkpoints.Gguf;

public sealed class GgufFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void Keys_of_every_type_and_tensors_are_read(uint version)
    {
        var bytes = new GgufBytes { Version = version, Data = Padded([1f, 2, 3, 4, 5, 6], [0.5f]) }
            .Key("u8", 0, 200).Key("i8", 1, 0xFF).Key("u16", 2, 1, 2).Key("i16", 3, 0xFE, 0xFF).Key("u32", 7).Key("i32", 5, 0xFF, 0xFF, 0xFF, 0xFF)
            .Key("f32", 6, BitConverter.GetBytes(1.5f)).Key("bool", 7, 1).Key("text", "naïve").Key("u64", 10, BitConverter.GetBytes(5UL))
            .Key("i64", 11, BitConverter.GetBytes(-5L)).Key("f64", 12, BitConverter.GetBytes(0.25)).Key("texts", 9, [8, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, .. GgufBytes.Text("a"), .. GgufBytes.Text("")])
            .Key("reals", 9, [6, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, .. BitConverter.GetBytes(2f)]).Key("ints", 9, [5, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0])
            .Tensor("a", 0, 0, 3, 2).Tensor("b", 0, 32, 1).ToArray();

        using var file = GgufFile.Open(_folder.Write("a.gguf", bytes));

        Assert.Equal(version, file.Version);
        Assert.Equal(200, file.Metadata.Int32("u8"));
        Assert.Equal(-1, file.Metadata.Int32("i8", -1));
        Assert.Equal(513, file.Metadata.Int32("u16"));
        Assert.Equal(-2, file.Metadata.Int32("i16", -2));
        Assert.Equal(7, file.Metadata.Int32("u32"));
        Assert.Equal(5, file.Metadata.Int32("u64"));
        Assert.Equal(-5, file.Metadata.Int32("i64", -9));
        Assert.Equal(1.5, file.Metadata.Real("f32"));
        Assert.Equal(0.25, file.Metadata.Real("f64"));
        Assert.True(file.Metadata.Boolean("bool"));
        Assert.Equal("naïve", file.Metadata.Text("text"));
        Assert.Equal(["a", ""], file.Metadata.Texts("texts")!);
        Assert.Equal([2f], file.Metadata.Singles("reals")!);
        Assert.Equal([9], file.Metadata.Int32s("ints")!);
        Assert.Null(file.Metadata.Text("absent"));
        Assert.Equal([2L, 3], file.Find("a")!.Dimensions);
        Assert.Equal(DType.F32, file.Find("a")!.Type);
        Assert.Equal([1f, 2, 3, 4, 5, 6], file.ReadSingles(file.Find("a")!));
        Assert.Equal([0.5f], file.ReadSingles(file.Find("b")!));
        Assert.Contains("'text'", Assert.Throws<ModelFormatException>(() => file.Metadata.Int32("text")).Message, StringComparison.Ordinal);
        Assert.Contains("from 0 to 6", Assert.Throws<ModelFormatException>(() => file.Metadata.Int32("u32", 0, 6)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Values_that_are_no_utf8_are_replaced_and_names_refused()
    {
        using var file = GgufFile.Open(_folder.Write("a.gguf", new GgufBytes().Key("text", 8, [2, 0, 0, 0, 0, 0, 0, 0, (byte)'a', 0xFF]).ToArray()));

        Assert.Equal("a\uFFFD", file.Metadata.Text("text"));
    }

    public static TheoryData<string, string> Hostile() => new()
    {
        { "magic", "does not begin with" }, { "version1", "version 1" }, { "big-endian", "big-endian" }, { "keys", "keys at position" }, { "tensors", "tensors at position" },
        { "string", "cannot hold" }, { "list", "cannot hold" }, { "nested", "no list of lists" }, { "type", "is of type 13" }, { "twice", "twice" }, { "tensor-twice", "twice" },
        { "rank", "dimensions" }, { "huge", "no file holds" }, { "ggml-type", "type 99" }, { "block", "no whole number" }, { "offset", "multiple of" }, { "behind", "behind the end" },
        { "overlap", "overlap" }, { "alignment", "power of two" }, { "cut", "position" }, { "name", "at most 63" }, { "empty", "does not begin with" },
    };

    [Theory]
    [MemberData(nameof(Hostile))]
    public void What_a_hostile_file_claims_is_checked_before_it_is_believed(string fault, string message)
    {
        var huge = BitConverter.GetBytes(ulong.MaxValue / 2);
        var bytes = fault switch
        {
            "magic" => new GgufBytes { Magic = "GGML" }.ToArray(),
            "version1" => new GgufBytes { Version = 1 }.ToArray(),
            "big-endian" => new GgufBytes { Version = 3u << 24 }.ToArray(),
            "keys" => new GgufBytes { KeyCount = 1UL << 62 }.ToArray(),
            "tensors" => new GgufBytes { TensorCount = uint.MaxValue }.ToArray(),
            "string" => new GgufBytes().Key("k", 8, huge).ToArray(),
            "list" => new GgufBytes().Key("k", 9, [4, 0, 0, 0, .. huge]).ToArray(),
            "nested" => new GgufBytes().Key("k", 9, [9, 0, 0, 0, .. BitConverter.GetBytes(0UL)]).ToArray(),
            "type" => new GgufBytes().Key("k", 13, [0]).ToArray(),
            "twice" => new GgufBytes().Key("k", 1).Key("k", 2).ToArray(),
            "tensor-twice" => new GgufBytes { Data = new byte[64] }.Tensor("a", 0, 0, 4).Tensor("a", 0, 32, 4).ToArray(),
            "rank" => new GgufBytes().Tensor("a", 0, 0, 1, 1, 1, 1, 1).ToArray(),
            "huge" => new GgufBytes().Tensor("a", 0, 0, 1UL << 40, 1UL << 40, 1UL << 40).ToArray(),
            "ggml-type" => new GgufBytes { Data = new byte[64] }.Tensor("a", 99, 0, 4).ToArray(),
            "block" => new GgufBytes { Data = new byte[640] }.Tensor("a", 12, 0, 32).ToArray(),
            "offset" => new GgufBytes { Data = new byte[64] }.Tensor("a", 0, 4, 4).ToArray(),
            "behind" => new GgufBytes { Data = new byte[64] }.Tensor("a", 0, 32, 9).ToArray(),
            "overlap" => new GgufBytes { Data = new byte[128] }.Tensor("a", 0, 0, 9).Tensor("b", 0, 32, 4).ToArray(),
            "alignment" => new GgufBytes().Key("general.alignment", 24).ToArray(),
            "cut" => [.. new GgufBytes().Key("k", "some text").ToArray().Take(40)],
            "name" => new GgufBytes { Data = new byte[32] }.Tensor(new string('n', 64), 0, 0, 4).ToArray(),
            _ => [],
        };

        var exception = Assert.Throws<ModelFormatException>(() => GgufFile.Open(_folder.Write("a.gguf", bytes)));

        Assert.Contains(message, exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_cut_off_anywhere_is_refused_with_our_own_error()
    {
        var bytes = new GgufBytes { Data = new byte[96] }.Key("general.architecture", "llama").Key("n", 9, [8, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, .. GgufBytes.Text("x")])
            .Tensor("a", 0, 0, 8).Tensor("b", 2, 32, 32, 2).ToArray();
        using (GgufFile.Open(_folder.Write("whole.gguf", bytes)))
        {
        }

        for (var length = 0; length < bytes.Length - 32; length++)
        {
            Assert.Throws<ModelFormatException>(() => GgufFile.Open(_folder.Write("cut.gguf", bytes[..length])));
        }
    }

    [Fact]
    public void Parts_of_a_split_model_are_read_as_one()
    {
        _folder.Write("m-00001-of-00002.gguf", new GgufBytes { Data = Padded([1f]) }.Key("split.count", 2, 2, 0).Tensor("a", 0, 0, 1).ToArray());
        _folder.Write("m-00002-of-00002.gguf", new GgufBytes { Data = Padded([2f]) }.Key("split.count", 2, 2, 0).Tensor("b", 0, 0, 1).ToArray());

        using var checkpoint = GgufCheckpoint.Open(GgufCheckpoint.FindFile(_folder.FullPath)!);

        Assert.Equal(["a", "b"], checkpoint.Entries.Select(entry => entry.Name));
        Assert.True(checkpoint.TryFind("b", out var file, out var entry));
        Assert.Equal([2f], file.ReadSingles(entry));
        File.Move(_folder["m-00001-of-00002.gguf"], _folder["other.gguf"]);
        Assert.Contains("2 parts", Assert.Throws<ModelFormatException>(() => GgufCheckpoint.Open(_folder["other.gguf"])).Message, StringComparison.Ordinal);
    }

    private static byte[] Padded(params float[][] tensors)
    {
        List<byte> bytes = [];
        foreach (var tensor in tensors)
        {
            bytes.AddRange(tensor.SelectMany(BitConverter.GetBytes));
            bytes.AddRange(new byte[(32 - (bytes.Count % 32)) % 32]);
        }

        return [.. bytes];
    }
}
