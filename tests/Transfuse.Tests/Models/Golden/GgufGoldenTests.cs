using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json;
using Transfuse.Checkpoints.Gguf;
using Transfuse.Corpora;
using Transfuse.Evaluation;
using Transfuse.Generation;
using Transfuse.Models;
using Transfuse.Tensors.Devices.Cpu;
using Transfuse.Tensors.Random;
using Transfuse.Tests.Shared;
using Transfuse.Tokenization;
using Xunit.Abstractions;

namespace Transfuse.Tests.Models.Golden;

/// <summary>Every folder of goldens with a real model in GGUF: dequantised weights, ids, log-probabilities, bits per byte and greedy texts as stored.</summary>
[Trait("Category", "Reference")]
public sealed class GgufGoldenTests(ITestOutputHelper output) : IDisposable
{
    private const double LogProbabilityTolerance = 1e-3;
    private const double BitsPerByteTolerance = 2e-5;
    private readonly CpuDevice _device = new();

    public static TheoryData<string> Models() =>
        [.. Files(Shared.Golden.Root).Where(HasGolden).Order(StringComparer.Ordinal)];

    public void Dispose() => _device.Dispose();

    [GoldenTheory("smollm2")]
    [MemberData(nameof(Models))]
    public void Every_tensor_widens_to_the_stored_bits(string path)
    {
        using var golden = Json(path);
        using var file = GgufFile.Open(path);
        var tensors = golden.RootElement.GetProperty("dequantised").GetProperty("tensors").EnumerateArray().ToList();
        Assert.Equal(file.Entries.Count, tensors.Count);
        foreach (var tensor in tensors)
        {
            var entry = file.Find(tensor.GetProperty("name").GetString()!)!;
            Assert.Equal(tensor.GetProperty("type").GetString(), entry.Type.ToString());
            var values = file.ReadSingles(entry);
            Assert.Equal(tensor.GetProperty("sha256_f32_le").GetString(), Convert.ToHexStringLower(SHA256.HashData(MemoryMarshal.AsBytes(values.AsSpan()))));
        }

        output.WriteLine($"{tensors.Count} tensors, all bits equal");
    }

    [GoldenTheory("smollm2")]
    [MemberData(nameof(Models))]
    public void Texts_have_the_stored_ids(string path)
    {
        using var golden = Json(path);
        var tokenizer = TokenizerFile.Load(path);
        var texts = golden.RootElement.GetProperty("tokenizer").GetProperty("texts").EnumerateArray().ToList();
        Assert.NotEmpty(texts);
        foreach (var text in texts)
        {
            var ids = tokenizer.Encode(text.GetProperty("text").GetString()!).Ids;
            Assert.Equal(Ids(text.GetProperty("ids")), ids);
            Assert.Equal(text.GetProperty("decoded").GetString(), tokenizer.Decode(ids));
        }

        output.WriteLine($"{texts.Count} texts, all ids equal");
    }

    [GoldenTheory("smollm2")]
    [MemberData(nameof(Models))]
    public void Texts_have_the_stored_log_probabilities(string path)
    {
        using var golden = Json(path);
        var arrays = GoldenArrays.Read(Path.ChangeExtension(Path.Combine(Path.GetDirectoryName(path)!, "golden"), ".safetensors"));
        using var model = PretrainedModel.Load(path, _device);
        var scorer = new SequenceScorer(model, _device);
        var largest = 0.0;
        foreach (var text in golden.RootElement.GetProperty("logprobs").GetProperty("texts").EnumerateArray())
        {
            var name = $"lp.{text.GetProperty("name").GetString()}";
            int[] ids = [.. arrays.Int64s($"{name}.ids").Select(id => (int)id)];
            var expected = arrays.Doubles($"{name}.gold");
            var scores = scorer.Score([ids], 0, default).Single();
            for (var i = 0; i < expected.Length; i++)
            {
                largest = Math.Max(largest, Math.Abs(expected[i] - scores.LogProbabilities[i + 1]));
            }
        }

        output.WriteLine($"largest difference {largest:g3}");
        Assert.InRange(largest, 0, LogProbabilityTolerance);
    }

    [GoldenTheory("smollm2")]
    [MemberData(nameof(Models))]
    public void Bits_per_byte_are_the_stored_ones(string path)
    {
        using var golden = Json(path);
        var stored = golden.RootElement.GetProperty("bits_per_byte");
        var bytes = File.ReadAllBytes(Path.Combine(Shared.Golden.Data, stored.GetProperty("file").GetString()!))[..stored.GetProperty("bytes_taken").GetInt32()];
        var tokenizer = TokenizerFile.Load(path);
        using var model = PretrainedModel.Load(path, _device);
        var length = stored.GetProperty("max_length").GetInt32();
        Assert.Equal(stored.GetProperty("prefix_token_id").GetInt32(), tokenizer.BosId);
        var result = new BitsPerByte(_device, model, tokenizer, new BitsPerByteOptions { Window = length, Stride = length })
            .Measure([new Document("1", "wikitext", System.Text.Encoding.UTF8.GetString(bytes))]);
        Assert.Equal(stored.GetProperty("n_tokens").GetInt32(), result.Tokens);
        var bits = result.BitsPerByte;
        output.WriteLine($"{bits:f6} bits per byte");
        Assert.InRange(bits, stored.GetProperty("bits_per_byte").GetDouble() - BitsPerByteTolerance, stored.GetProperty("bits_per_byte").GetDouble() + BitsPerByteTolerance);
    }

    [GoldenTheory("smollm2")]
    [MemberData(nameof(Models))]
    public void Greedy_texts_are_the_stored_ones(string path)
    {
        using var golden = Json(path);
        var tokenizer = TokenizerFile.Load(path);
        using var model = PretrainedModel.Load(path, _device);
        var generator = new TextGenerator(model, _device);
        var greedy = golden.RootElement.GetProperty("greedy");
        var stop = greedy.GetProperty("eos_token_id").GetInt32();
        var items = greedy.GetProperty("items").EnumerateArray().ToList();
        Assert.NotEmpty(items);
        foreach (var item in items)
        {
            Assert.Equal(Ids(item.GetProperty("prompt_ids")), tokenizer.Encode(item.GetProperty("prompt_text").GetString()!).Ids);
            var expected = Ids(item.GetProperty("generated_ids"));
            var options = new GenerationOptions { MaxNewTokens = expected.Length, StopIds = [stop] };
            Assert.Equal(expected, generator.Generate([Ids(item.GetProperty("prompt_ids"))], options, new RandomStream(0, "none"))[0]);
            Assert.Equal(item.GetProperty("text").GetString(), tokenizer.Decode(expected));
        }

        output.WriteLine($"{items.Count} prompts, all ids and texts equal");
    }

    [GoldenTheory("smollm2")]
    [MemberData(nameof(Models))]
    public void Weights_that_rest_as_stored_give_the_same_bits_in_less_memory(string path)
    {
        using var golden = Json(path);
        var ids = Ids(golden.RootElement.GetProperty("tokenizer").GetProperty("texts").EnumerateArray().MaxBy(text => text.GetProperty("ids").GetArrayLength()).GetProperty("ids"));
        float[] expected;
        long widenedBytes;
        using (var device = new CpuDevice())
        using (var widened = PretrainedModel.Load(path, device))
        {
            widenedBytes = device.Memory.UsedBytes;
            expected = new SequenceScorer(widened, device).Score([ids]).Single().LogProbabilities;
        }

        using var resting = PretrainedModel.Load(path, _device, precision: WeightPrecision.AsStored);
        var restingBytes = _device.Memory.UsedBytes;
        output.WriteLine($"{widenedBytes / 1e6:f0} MB widened, {restingBytes / 1e6:f0} MB as stored, file {new FileInfo(path).Length / 1e6:f0} MB");
        Assert.Equal(expected, new SequenceScorer(resting, _device).Score([ids]).Single().LogProbabilities);
        Assert.InRange(restingBytes, 0, widenedBytes / 2);
        var prompt = ids[..8];
        using var again = PretrainedModel.Load(path, _device);
        var options = new GenerationOptions { MaxNewTokens = 6 };
        Assert.Equal(
            new TextGenerator(again, _device).Generate([prompt], options, new RandomStream(0, "none"))[0],
            new TextGenerator(resting, _device).Generate([prompt], options, new RandomStream(0, "none"))[0]);
    }

    private static IEnumerable<string> Files(string folder) =>
        Directory.Exists(folder) ? Directory.EnumerateFiles(folder, "*.gguf", SearchOption.AllDirectories) : [];

    private static bool HasGolden(string path) => File.Exists(Path.Combine(Path.GetDirectoryName(path)!, "golden.json"));

    private static JsonDocument Json(string path) => JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Path.GetDirectoryName(path)!, "golden.json")));

    private static int[] Ids(JsonElement ids) => [.. ids.EnumerateArray().Select(id => id.GetInt32())];
}
