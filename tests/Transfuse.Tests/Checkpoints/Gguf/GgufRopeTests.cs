using System.Text.Json.Nodes;
using Transfuse.Checkpoints.Gguf;
using Transfuse.Errors;
using Transfuse.Tests.Shared;

namespace Transfuse.Tests.Checkpoints.Gguf;

/// <summary>Rotary scalings to keys and tensors and back, without a model.</summary>
public sealed class GgufRopeTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Linear_scaling_stretches_the_context_and_comes_back()
    {
        var (keys, tensors) = Export("""{"rope_type":"linear","rope_theta":10000.0,"factor":4.0}""", maxPositions: 2048);

        Assert.Equal("linear", keys["llama.rope.scaling.type"]);
        Assert.Equal(4f, keys["llama.rope.scaling.factor"]);
        Assert.Equal(2048u, keys["llama.rope.scaling.original_context_length"]);
        Assert.Equal(8192u, keys["llama.context_length"]);
        Assert.Empty(tensors);
        var config = RoundTrip(keys, tensors);
        Assert.Equal(2048, (int)config["max_position_embeddings"]!);
        Assert.Equal(("linear", 4.0), ((string?)config["rope_scaling"]!["type"], (double)config["rope_scaling"]!["factor"]!));
    }

    [Fact]
    public void Yarn_keeps_the_original_window_and_an_attention_factor_of_its_own()
    {
        var (keys, tensors) = Export("""{"rope_type":"yarn","rope_theta":1000000.0,"factor":4.0,"original_max_position_embeddings":32768,"attention_factor":1.0}""", maxPositions: 131072);

        Assert.Equal(131072u, keys["llama.context_length"]);
        Assert.Equal(32768u, keys["llama.rope.scaling.original_context_length"]);
        // llama.cpp multiplies with 0.1·ln 4 + 1 = 1.13862944 itself.
        Assert.Equal(1 / 1.13862944, (float)keys["llama.rope.scaling.attn_factor"], 6);
        var rope = RoundTrip(keys, tensors)["rope_parameters"]!;
        Assert.Equal(("yarn", 32768), ((string?)rope["rope_type"], (int)rope["original_max_position_embeddings"]!));
        Assert.Equal(1.0, (double)rope["attention_factor"]!, 6);
        Assert.False(Export("""{"rope_type":"yarn","factor":4.0,"original_max_position_embeddings":32768}""", 131072).Keys.ContainsKey("llama.rope.scaling.attn_factor"));
    }

    [Theory]
    [InlineData(8.0, 1.0, 4.0, 8192, 500000.0, 128)]
    [InlineData(32.0, 1.0, 4.0, 8192, 500000.0, 64)]
    public void Llama3_becomes_divisors_and_is_found_again(double factor, double low, double high, int original, double theta, int headSize)
    {
        var rope = new JsonObject
        {
            ["rope_type"] = "llama3",
            ["rope_theta"] = theta,
            ["factor"] = factor,
            ["low_freq_factor"] = low,
            ["high_freq_factor"] = high,
            ["original_max_position_embeddings"] = original,
        };
        var (keys, tensors) = Export(rope.ToJsonString(), 131072, headSize);
        var divisors = tensors.Single(tensor => tensor.Name == "rope_freqs.weight").Values;

        Assert.Equal(headSize / 2, divisors.Length);
        Assert.Equal(1f, divisors[0]);
        Assert.Equal((float)factor, divisors[^1]);
        if (headSize == 128)
        {
            // θ'₂₉ = 0.0021665708 and θ'₃₀ = 0.0013718936 for Llama 3.1, from θⱼ = 500000^(−2j/128).
            Assert.Equal(0.0021665708, Math.Pow(theta, -58.0 / 128) / divisors[29], 8);
            Assert.Equal(0.0013718936, Math.Pow(theta, -60.0 / 128) / divisors[30], 8);
        }

        var found = RoundTrip(keys, tensors)["rope_parameters"]!;
        Assert.Equal(("llama3", factor, high, original), ((string?)found["rope_type"], (double)found["factor"]!, (double)found["high_freq_factor"]!, (int)found["original_max_position_embeddings"]!));
    }

    [Fact]
    public void Longrope_has_both_lists_as_tensors()
    {
        var (keys, tensors) = Export("""{"rope_type":"longrope","rope_theta":10000.0,"original_max_position_embeddings":4096,"long_factor":[1.0,2.0,4.0,8.0],"short_factor":[1.0,1.0,1.5,2.0]}""", 131072, 8);

        Assert.Equal("longrope", keys["llama.rope.scaling.type"]);
        // √(1 + ln 32 / ln 4096)
        Assert.Equal(1.19023807, (float)keys["llama.rope.scaling.attn_factor"], 6);
        Assert.Equal([1f, 2, 4, 8], tensors.Single(tensor => tensor.Name == "rope_factors_long.weight").Values);
        var rope = RoundTrip(keys, tensors)["rope_parameters"]!;
        Assert.Equal([1.0, 1, 1.5, 2], rope["short_factor"]!.AsArray().GetValues<double>());
    }

    [Fact]
    public void What_has_no_form_is_refused()
    {
        Assert.Contains("'dynamic'", Assert.Throws<ModelFormatException>(() => Export("""{"rope_type":"dynamic","factor":2.0}""", 2048)).Message, StringComparison.Ordinal);
        Assert.Contains("'truncate'", Assert.Throws<ModelFormatException>(() => Export("""{"rope_type":"yarn","factor":2.0,"original_max_position_embeddings":8,"truncate":false}""", 16)).Message, StringComparison.Ordinal);
        var (keys, _) = Export("""{"rope_type":"default"}""", 2048);
        Assert.Contains("none of llama3's", Assert.Throws<ModelFormatException>(() => RoundTrip(keys, [("rope_freqs.weight", [1f, 2, 1, 5])])).Message, StringComparison.Ordinal);
    }

    private static (Dictionary<string, object> Keys, List<(string Name, float[] Values)> Tensors) Export(string rope, int maxPositions, int headSize = 8)
    {
        var config = new JsonObject
        {
            ["model_type"] = "llama",
            ["vocab_size"] = 4,
            ["hidden_size"] = 2 * headSize,
            ["num_hidden_layers"] = 1,
            ["intermediate_size"] = 4,
            ["num_attention_heads"] = 2,
            ["rms_norm_eps"] = 1e-5,
            ["max_position_embeddings"] = maxPositions,
            ["rope_parameters"] = JsonNode.Parse(rope),
        };
        var (keys, tensors) = GgufConfig.Export(GgufArchitectures.FromName("llama")!, new ConfigTree(config, "config.json"));
        return (keys.ToDictionary(key => key.Key, key => key.Value, StringComparer.Ordinal), tensors);
    }

    private JsonNode RoundTrip(Dictionary<string, object> keys, List<(string Name, float[] Values)> tensors)
    {
        var path = _folder["m.gguf"];
        var infos = tensors.ConvertAll(tensor => new GgufTensorInfo(tensor.Name, Transfuse.Tensors.DType.F32, [tensor.Values.Length]));
        infos.Add(new GgufTensorInfo("token_embd.weight", Transfuse.Tensors.DType.F32, [4, 2]));
        using (var writer = new GgufWriter(path, keys, infos))
        {
            foreach (var (name, values) in tensors)
            {
                writer.Write(name, values);
            }

            writer.Write("token_embd.weight", new float[8]);
            writer.Complete();
        }

        using var checkpoint = GgufCheckpoint.Open(path);
        return JsonNode.Parse(GgufConfig.Import(GgufArchitectures.FromName("llama")!, checkpoint, isTied: true).Json)!;
    }
}
