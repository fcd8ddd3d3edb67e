using Transfuse.Checkpoints.Gguf;
using Transfuse.Checkpoints.Safetensors;
using Transfuse.Errors;
using Transfuse.Models;
using Transfuse.Models.Conversion;
using Transfuse.Tensors;
using Transfuse.Tensors.Autograd;
using Transfuse.Tensors.Devices.Cpu;
using Transfuse.Tests.Shared;
using Xunit.Abstractions;

namespace Transfuse.Tests.Models.Conversion;

/// <summary>
/// Every golden model that can be loaded and said in GGUF: written, read from the keys alone, and back, it is the same model; and llama.cpp
/// computes with it what we do.
/// </summary>
[Trait("Category", "Reference")]
public sealed class GgufConversionGoldenTests(ITestOutputHelper output) : IDisposable
{
    private const string Area = "models";

    // llama.cpp has one GELU, the tanh form, as a table over half-precision numbers: its argument is rounded to 11 bits. That alone makes a
    // difference of some 1e-3 in these models with their large weights, and no more with the other forms of GELU in their place.
    private const double TableTolerance = 5e-3;
    private const double Tolerance = 1e-4;
    private const int Tokens = 40;

    // llama.cpp 0.5.0 takes YaRN's bounds from its command line only. It has switched Phi-3's window off, so fewer tokens are compared there.
    private static readonly string[] Ignored = ["yarn_beta_fast", "yarn_beta_slow"];
    private readonly CpuDevice _device = new(threads: 1);
    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> Cases() => Shared.Golden.Cases(Area);

    public void Dispose()
    {
        _folder.Dispose();
        _device.Dispose();
    }

    [GoldenTheory(Area)]
    [MemberData(nameof(Cases))]
    public void The_same_model_comes_back(string name)
    {
        using var original = LoadAndConvert(name);
        if (original is null)
        {
            return;
        }

        var ids = Ids(original.VocabularySize);
        var expected = Hidden(original, ids);
        HideStoredConfig();
        using (var keys = PretrainedModel.Load(_folder["keys.gguf"], _device))
        {
            int[] within = [.. ids.Take(TokensWithinWindow(original))];
            var largest = Hidden(original, within).Zip(Hidden(keys, within), (left, right) => Math.Abs(left - right)).Max();
            output.WriteLine($"from the keys alone: largest difference {largest:g3}");
            Assert.InRange(largest, 0, 1e-5);
        }

        ModelConversion.ToFolder(_folder["m.gguf"], _folder["back"], SafetensorsType.F32);
        using var back = PretrainedModel.Load(_folder["back"], _device);
        Assert.Equal(original.Config.ToJson(), back.Config.ToJson());
        Assert.InRange(expected.Zip(Hidden(back, ids), (left, right) => Math.Abs(left - right)).Max(), 0, 1e-5);
    }

    /// <summary>Every word of the vocabulary at every position, as far as a window that llama.cpp leaves out is not yet full.</summary>
    [OracleTheory]
    [MemberData(nameof(Cases))]
    public void Llama_cpp_computes_the_same(string name)
    {
        using var model = LoadAndConvert(name);
        if (model is null)
        {
            return;
        }

        int[] ids = [.. Ids(model.VocabularySize).Take(TokensWithinWindow(model))];
        var largest = LlamaCpp.LargestDifference(_folder["m.gguf"], model, _device, ids);
        var tolerance = UsesTable(model) ? TableTolerance : Tolerance;
        output.WriteLine($"{ids.Length} tokens: largest difference of log-probabilities {largest:g3}, tolerance {tolerance}");
        using var file = GgufFile.Open(_folder["m.gguf"]);
        if (file.Metadata.Select(pair => pair.Key).FirstOrDefault(key => Ignored.Any(suffix => key.EndsWith(suffix, StringComparison.Ordinal))) is { } ignored)
        {
            output.WriteLine($"not compared: llama.cpp ignores {ignored}");
            return;
        }

        Assert.InRange(largest, 0, tolerance);
        if (UsesTable(model))
        {
            // With nothing but zeros to GELU the table is exact, so all the rest of the model must agree as it does in other models.
            PutZerosIntoGelu();
            using var rest = PretrainedModel.Load(_folder["m.gguf"], _device);
            largest = LlamaCpp.LargestDifference(_folder["m.gguf"], rest, _device, ids);
            output.WriteLine($"without GELU: largest difference {largest:g3}, tolerance {Tolerance}");
            Assert.InRange(largest, 0, Tolerance);
        }
    }

    private void PutZerosIntoGelu()
    {
        GgufEntry[] before;
        using (var file = GgufFile.Open(_folder["m.gguf"]))
        {
            var name = file.Find("blk.0.ffn_gate.weight") is null ? ".ffn_up." : ".ffn_gate.";
            before = [.. file.Entries.Where(entry => entry.Name.Contains(name, StringComparison.Ordinal))];
        }

        Assert.NotEmpty(before);
        using var handle = File.OpenHandle(_folder["m.gguf"], FileMode.Open, FileAccess.Write);
        foreach (var entry in before)
        {
            RandomAccess.Write(handle, new byte[entry.ByteCount], entry.Offset);
        }
    }

    private int TokensWithinWindow(LanguageModel model)
    {
        using var file = GgufFile.Open(_folder["m.gguf"]);
        var architecture = file.Metadata.Text("general.architecture")!;
        var context = file.Metadata.Int32($"{architecture}.context_length")!.Value;
        return Math.Min(context < model.Config.MaxPositions ? context : Tokens, architecture is "phi3" ? file.Metadata.Int32("phi3.attention.sliding_window") ?? Tokens : Tokens);
    }

    /// <summary>The model of a folder, after it was written as m.gguf; null where one of the two is not possible, and why is said.</summary>
    private LanguageModel? LoadAndConvert(string name)
    {
        var folder = Path.Combine(Shared.Golden.Root, Area, name);
        LanguageModel? model = null;
        try
        {
            model = PretrainedModel.Load(folder, _device);
            ModelConversion.ToGguf(folder, _folder["m.gguf"], DType.F32);
            return model;
        }
        catch (ModelFormatException exception)
        {
            output.WriteLine($"not compared: {exception.Message}");
            model?.Dispose();
            return null;
        }
    }

    private static bool UsesTable(LanguageModel model) => !model.Config.ToJson().Contains("\"silu\"", StringComparison.Ordinal);

    private void HideStoredConfig()
    {
        var bytes = File.ReadAllBytes(_folder["m.gguf"]);
        bytes[bytes.AsSpan().IndexOf("transfuse.config.json"u8)] = (byte)'T';
        File.WriteAllBytes(_folder["keys.gguf"], bytes);
    }

    private static int[] Ids(int vocabulary) => [.. Enumerable.Range(0, Tokens).Select(i => 3 + ((i * 7919) % (vocabulary - 3)))];

    private float[] Hidden(LanguageModel model, int[] ids)
    {
        using var tape = new Tape(_device, recordGradients: false);
        return model.Forward(tape, TokenBatch.FromLengths(ids, [ids.Length])).Value.AsSpan().ToArray();
    }
}
