using System.Text.Json;
using System.Text.Json.Nodes;
using Transfuse.Checkpoints;
using Transfuse.Checkpoints.Safetensors;
using Transfuse.Errors;
using Transfuse.Models.Conversion;
using Transfuse.Tensors;
using Transfuse.Tests.Shared;
using Xunit.Abstractions;

namespace Transfuse.Tests.Models.Golden;

/// <summary>
/// What we write as <c>config.json</c> against the files that transformers wrote and published files: every key of theirs that decides what the
/// model computes is there, with the same value. There is no transformers here to load it.
/// </summary>
[Trait("Category", "Reference")]
public sealed class GoldenConfigTests(ITestOutputHelper output) : IDisposable
{
    // Keys without a bearing on what a model computes: training's dropout, other tasks, the program that wrote the file, and the numbers
    // that other keys say again (layer_types, no_rope_layers, feed_forward_proj).
    private static readonly string[] Idle =
    [
        "transformers_version", "use_cache", "cache_implementation", "pretraining_tp", "attention_dropout", "hidden_dropout", "classifier_dropout",
        "resid_pdrop", "emb_pdrop", "embd_pdrop", "attn_pdrop", "dropout", "layerdrop", "summary_type", "summary_use_proj", "summary_activation",
        "summary_first_dropout", "summary_proj_to_labels", "task_specific_params", "is_decoder", "n_ctx", "reorder_and_upcast_attn", "add_cross_attention",
        "init_config", "init_device", "embedding_fraction", "tokenizer_name", "verbose", "output_past", "dtype", "torch_dtype", "scale_decoder_outputs",
        "_sliding_window_pattern", "no_rope_layer_interval", "dense_act_fn", "is_gated_act", "use_bidirectional_attention", "layer_norm_elementwise_affine",
        "original_max_position_embeddings",
    ];

    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string, string> Cases()
    {
        var cases = new TheoryData<string, string>();
        foreach (var area in (string[])[GoldenModelCase.Area, GoldenT5Case.Area])
        {
            foreach (var row in (IEnumerable<object[]>)Shared.Golden.Cases(area))
            {
                cases.Add(area, (string)row[0]);
            }
        }

        return cases;
    }

    public void Dispose() => _folder.Dispose();

    [GoldenTheory(GoldenModelCase.Area)]
    [MemberData(nameof(Cases))]
    public void What_is_written_says_all_that_transformers_reads(string area, string name)
    {
        var folder = Path.Combine(Shared.Golden.Root, area, name);
        foreach (var file in Directory.GetFiles(folder, "config*.json").Where(file => IsKnown(file)))
        {
            var theirs = (JsonObject)JsonNode.Parse(File.ReadAllText(file))!;
            var config = ModelConfig.Parse(File.ReadAllText(file), file);
            Compare(theirs, Bare(config), Path.GetFileName(file));
        }
    }

    [GoldenTheory(GoldenModelCase.Area)]
    [MemberData(nameof(Cases))]
    public void What_comes_back_from_GGUF_says_it_too(string area, string name)
    {
        var folder = Path.Combine(Shared.Golden.Root, area, name);
        var path = Path.Combine(folder, ModelConfig.FileName);
        try
        {
            ModelConversion.ToGguf(folder, _folder["m.gguf"], DType.F32);
        }
        catch (ModelFormatException exception)
        {
            output.WriteLine($"{name}: not compared: {exception.Message}");
            return;
        }

        ModelConversion.ToFolder(_folder["m.gguf"], _folder["back"], SafetensorsType.F32);
        var (before, after) = (ModelConfig.Load(folder), ModelConfig.Load(_folder["back"]));
        Assert.Equal(before.ToJson(), after.ToJson());

        // From the file's keys alone, as from a file that someone else wrote.
        var bytes = File.ReadAllBytes(_folder["m.gguf"]);
        bytes[bytes.AsSpan().IndexOf("transfuse.config.json"u8)] = (byte)'T';
        File.WriteAllBytes(_folder["keys.gguf"], bytes);
        ModelConversion.ToFolder(_folder["keys.gguf"], _folder["keys"], SafetensorsType.F32);
        var written = (JsonObject)JsonNode.Parse(File.ReadAllText(Path.Combine(_folder["keys"], ModelConfig.FileName)))!;
        var ours = Bare(before);
        string[] missing = [.. ours.Select(pair => pair.Key).Except(written.Select(pair => pair.Key), StringComparer.Ordinal).Except(Idle, StringComparer.Ordinal)];

        // Where GGUF has no key for a window, the context ends there instead.
        Assert.All(missing, key => Assert.Equal(("sliding_window", (int?)ours["sliding_window"]), (key, (int?)written["max_position_embeddings"])));
        Assert.Equal("float32", (string?)written["torch_dtype"]);

        // GGUF calls Mistral "llama", and without the window it is one.
        Assert.Equal(before.ModelType == "mistral" ? "LlamaForCausalLM" : before.ArchitectureName, (string?)written["architectures"]![0]);
        output.WriteLine($"{name}: {written.Count} keys from {Path.GetFileName(path)} through GGUF");
    }

    private static bool IsKnown(string file)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(file));
        return ModelConfig.KnownTypes.Contains(document.RootElement.GetProperty("model_type").GetString()!, StringComparer.Ordinal);
    }

    /// <summary>What we write of our own accord, without the keys that are carried over.</summary>
    private static JsonObject Bare(ModelConfig config) =>
        (JsonObject)JsonNode.Parse((config with { OtherKeys = new Dictionary<string, string>(StringComparer.Ordinal) }).ToJson())!;

    private void Compare(JsonObject theirs, JsonObject ours, string file)
    {
        string[] required = [.. theirs.Select(pair => pair.Key).Except(Idle, StringComparer.Ordinal)];
        string[] missing = [.. required.Where(key => !ours.ContainsKey(key) && theirs[key] is not null)];
        Assert.True(missing.Length == 0, $"{file}: not written: {string.Join(", ", missing)}");
        string[] different = [.. required.Where(key => theirs[key] is JsonValue value && !IsSame(key, value, ours[key], ours))];
        Assert.True(
            different.Length == 0, $"{file}: {string.Join(", ", different.Select(key => $"{key} is {ours[key]?.ToJsonString() ?? "null"}, theirs {theirs[key]!.ToJsonString()}"))}");
        output.WriteLine($"{file}: {required.Length} keys are written");
    }

    /// <summary>Whether two values mean the same to transformers.</summary>
    private static bool IsSame(string key, JsonValue theirs, JsonNode? ours, JsonObject all) => key switch
    {
        // A window that use_sliding_window switches off need not be said, nor from which layer on it would be.
        "sliding_window" or "max_window_layers" when all["use_sliding_window"] is JsonValue uses && !uses.GetValue<bool>() => true,

        // Gemma's first files say "gelu" and mean the tanh form, which ours spells out; and the key that is not read may say anything.
        "hidden_act" when all.ContainsKey("hidden_activation") => (string?)ours is "gelu_pytorch_tanh",
        _ when theirs.GetValueKind() == JsonValueKind.Number => ours is JsonValue number && Math.Abs(theirs.GetValue<double>() - number.GetValue<double>()) <= 1e-12 * Math.Abs(theirs.GetValue<double>()),
        _ => JsonNode.DeepEquals(theirs, ours),
    };
}
