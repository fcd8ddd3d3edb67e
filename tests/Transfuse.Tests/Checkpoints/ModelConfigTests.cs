using System.Text.Json;
using Transfuse.Checkpoints;
using Transfuse.Errors;

namespace Transfuse.Tests.Checkpoints;

public sealed class ModelConfigTests
{
    private static readonly int[] NoIds = [];
    private static readonly Dictionary<string, string> NoKeys = [];

    [Fact]
    public void Silent_files_take_the_defaults_of_their_class()
    {
        var llama = Assert.IsType<LlamaConfig>(ModelConfig.Parse("""{"model_type":"llama"}""", "c"));
        Assert.Equal((32000, 4096, 11008, 32, 32, 32, 128), (llama.VocabularySize, llama.HiddenSize, llama.IntermediateSize, llama.LayerCount, llama.HeadCount, llama.KeyValueHeadCount, llama.HeadSize));
        Assert.Equal((1e-6, 10000.0, false, 1), (llama.NormEpsilon, llama.Rope.Theta, llama.TiesEmbeddings, llama.BosId));
        Assert.Equal([2], llama.EosIds);

        var neoX = Assert.IsType<GptNeoXConfig>(ModelConfig.Parse("""{"model_type":"gpt_neox","rope_theta":7}""", "c"));
        Assert.Equal((10000.0, 0.25, true, true), (neoX.Rope.Theta, neoX.Rope.PartialRotaryFactor, neoX.ParallelResidual, neoX.AttentionBias));

        var mpt = Assert.IsType<MptConfig>(ModelConfig.Parse("""{"model_type":"mpt"}""", "c"));
        Assert.Equal((2048, 8192, true, false, 8.0), (mpt.HiddenSize, mpt.IntermediateSize, mpt.TiesEmbeddings, mpt.HasBias, mpt.AlibiBiasMax));
        Assert.Empty(mpt.EosIds);
    }

    [Fact]
    public void Silent_files_of_the_Llama_family_take_the_defaults_of_their_class()
    {
        static LlamaConfig Read(string type, string keys = "") => Assert.IsType<LlamaConfig>(ModelConfig.Parse($$"""{"model_type":"{{type}}"{{keys}}}""", "c"));

        foreach (var type in (string[])["gemma", "gemma2", "gemma3_text", "smollm3"])
        {
            Assert.True(Read(type).TiesEmbeddings, type);
        }

        foreach (var type in (string[])["mistral", "qwen2", "qwen3", "phi3", "granite", "olmo2"])
        {
            Assert.False(Read(type).TiesEmbeddings, type);
        }

        Assert.Equal((8, 4096, 14336), (Read("mistral").KeyValueHeadCount, Read("mistral").WindowOf(0), Read("mistral").IntermediateSize));
        Assert.Equal(0, Read("mistral", ",\"sliding_window\":null").WindowOf(0));
        Assert.Equal(0, Read("qwen2", ",\"sliding_window\":5").WindowOf(31));
        var qwen = Read("qwen2", ",\"sliding_window\":5,\"use_sliding_window\":true,\"max_window_layers\":2");
        Assert.Equal((0, 0, 5, true), (qwen.WindowOf(0), qwen.WindowOf(1), qwen.WindowOf(2), qwen.HasQueryKeyValueBias));
        Assert.Equal((128, 4096), (Read("qwen3").HeadSize, Read("qwen3").HiddenSize));
        Assert.Equal((4096, 0, 4096), (Read("gemma2").WindowOf(0), Read("gemma2").WindowOf(1), Read("gemma2").WindowOf(2)));
        Assert.Equal((50.0, 30.0, 256.0), (Read("gemma2").AttentionSoftCap, Read("gemma2").FinalSoftCap, Read("gemma2").QueryPreAttentionScalar));
        Assert.Null(Read("gemma2", ",\"final_logit_softcapping\":null").FinalSoftCap);
        var gemma3 = Read("gemma3_text");
        Assert.Equal((1e6, 1e4), (gemma3.RopeOf(5)!.Theta, gemma3.RopeOf(4)!.Theta));
        Assert.Equal("gelu_pytorch_tanh", Read("gemma", ",\"hidden_act\":\"gelu\"").Activation);
        var smol = Read("smollm3");
        Assert.Equal((2e6, true), (smol.RopeOf(0)!.Theta, smol.RopeOf(3) is null));
        Assert.Equal(1, Read("granite").AttentionMultiplier);
    }

    [Fact]
    public void Every_scaling_of_RoPE_is_read_and_written_in_both_spellings()
    {
        (string Type, string Scaling)[] cases =
        [
            ("llama", """{"rope_type":"dynamic","factor":2.0}"""),
            ("llama", """{"type":"yarn","factor":4.0,"original_max_position_embeddings":32,"beta_fast":2.0,"mscale":0.9,"mscale_all_dim":0.5,"truncate":false,"attention_factor":1.5,"beta_slow":0.5}"""),
            ("llama", """{"rope_type":"llama3","factor":8.0,"low_freq_factor":1.0,"high_freq_factor":4.0,"original_max_position_embeddings":64}"""),
            ("phi3", """{"type":"su","short_factor":[1,2],"long_factor":[3,4.5]}"""),
            ("phi3", """{"type":"yarn","short_factor":[1,2],"long_factor":[3,4.5],"factor":7.0}"""),
            ("gpt_neox", """{"type":"linear","factor":4.0}"""),
            ("gemma3_text", """{"rope_type":"linear","factor":8.0}"""),
        ];
        foreach (var (type, scaling) in cases)
        {
            var sizes = type is "gpt_neox" ? "\"rotary_pct\":0.5," : "\"head_dim\":4,";
            var text = $$"""{"model_type":"{{type}}",{{sizes}}"hidden_size":32,"num_attention_heads":4,"num_key_value_heads":4,"max_position_embeddings":512,"original_max_position_embeddings":64,"rope_theta":5000.0,"rope_scaling":{{scaling}}}""";
            var config = ModelConfig.Parse(text, "c");
            var json = config.ToJson();
            using var document = JsonDocument.Parse(json);
            var root = document.RootElement;
            Assert.NotEqual("default", RopeOf(config).Type);
            foreach (var key in (string[])["rope_scaling", "rope_parameters"])
            {
                // Each spelling by itself means the same.
                var kept = "{" + string.Join(",", root.EnumerateObject().Where(item => !item.NameEquals(key)).Select(item => $"\"{item.Name}\":{item.Value.GetRawText()}")) + "}";
                Assert.Equal(json, ModelConfig.Parse(kept, "c").ToJson());
            }
        }

        static RopeParameters RopeOf(ModelConfig config) => config is LlamaConfig llama ? llama.Rope : ((GptNeoXConfig)config).Rope;
    }

    [Fact]
    public void The_original_window_at_the_top_level_wins_and_the_stated_one_stands_in()
    {
        static RopeParameters Rope(string keys) => ((LlamaConfig)ModelConfig.Parse(Llama(keys), "c")).Rope;
        const string yarn = "\"max_position_embeddings\":100,\"rope_scaling\":{\"type\":\"yarn\",\"factor\":4.0";
        Assert.Equal(100, Rope("{" + yarn + "}}").OriginalMaxPositions);
        Assert.Equal(25, Rope("{" + yarn + ",\"original_max_position_embeddings\":25}}").OriginalMaxPositions);
        Assert.Equal(20, Rope("{" + yarn + ",\"original_max_position_embeddings\":25},\"original_max_position_embeddings\":20}").OriginalMaxPositions);
    }

    [Theory]
    [InlineData("""{"max_position_embeddings":32}""", 32)]
    [InlineData("""{"max_position_embeddings":32,"rope_scaling":{"type":"linear","factor":4.0}}""", 128)]
    [InlineData("""{"max_position_embeddings":128,"rope_scaling":{"type":"yarn","factor":4.0,"original_max_position_embeddings":32}}""", 128)]
    [InlineData("""{"max_position_embeddings":32,"rope_scaling":{"type":"yarn","factor":4.0,"original_max_position_embeddings":32}}""", 128)]
    public void The_context_window_is_the_stretched_one(string keys, int expected) =>
        Assert.Equal(expected, ModelConfig.Parse(Llama(keys), "c").ContextWindow);

    [Theory]
    [InlineData("""{"rope_theta":5e5}""", "default", 5e5, 1)]
    [InlineData("""{"rope_parameters":{"rope_type":"default","rope_theta":3}}""", "default", 3, 1)]
    [InlineData("""{"rope_scaling":null,"rope_theta":5}""", "default", 5, 1)]
    [InlineData("""{"rope_scaling":{"type":"linear","factor":4},"rope_theta":5}""", "linear", 5, 4)]
    [InlineData("""{"rope_scaling":{"type":"dynamic","rope_type":"linear","factor":2.5}}""", "linear", 10000, 2.5)]
    [InlineData("""{"rope_scaling":{"type":"linear","factor":4.0},"rope_parameters":{"rope_type":"default","rope_theta":9}}""", "linear", 10000, 4)]
    public void Rope_is_read_in_every_spelling(string keys, string type, double theta, double factor)
    {
        var rope = ((LlamaConfig)ModelConfig.Parse(Llama(keys), "c")).Rope;
        Assert.Equal((type, theta, factor), (rope.Type, rope.Theta, rope.Factor));
    }

    [Theory]
    [InlineData("""{"model_type":"bert"}""", "gpt_neox")]
    [InlineData("""{}""", "model_type")]
    [InlineData("""{"model_type":7}""", "model_type")]
    [InlineData("""{"model_type":"llama","hidden_size":"big"}""", "hidden_size")]
    [InlineData("""{"model_type":"llama","hidden_size":0}""", "hidden_size")]
    [InlineData("""{"model_type":"llama","hidden_size":1.5}""", "hidden_size")]
    [InlineData("""{"model_type":"llama","hidden_size":1e30}""", "hidden_size")]
    [InlineData("""{"model_type":"llama","num_attention_heads":30}""", "heads")]
    [InlineData("""{"model_type":"llama","num_key_value_heads":5}""", "heads")]
    [InlineData("""{"model_type":"llama","head_dim":7}""", "even")]
    [InlineData("""{"model_type":"llama","rms_norm_eps":"x"}""", "rms_norm_eps")]
    [InlineData("""{"model_type":"llama","tie_word_embeddings":1}""", "tie_word_embeddings")]
    [InlineData("""{"model_type":"llama","eos_token_id":[1,"x"]}""", "eos_token_id")]
    [InlineData("""{"model_type":"llama","hidden_act":"mish"}""", "hidden_act")]
    [InlineData("""{"model_type":"llama","rope_scaling":{"rope_type":"mystery"}}""", "mystery")]
    [InlineData("""{"model_type":"llama","rope_scaling":{"type":"linear"}}""", "factor")]
    [InlineData("""{"model_type":"llama","rope_scaling":3}""", "rope_scaling")]
    [InlineData("""{"model_type":"llama","rope_scaling":{"rope_type":"llama3","factor":8.0}}""", "low_freq_factor")]
    [InlineData("""{"model_type":"llama","rope_scaling":{"rope_type":"yarn"}}""", "rope_scaling.factor")]
    [InlineData("""{"model_type":"llama","rope_scaling":{"rope_type":"longrope","short_factor":[1],"long_factor":[1]}}""", "short_factor")]
    [InlineData("""{"model_type":"llama","rope_scaling":{"rope_type":"longrope","short_factor":7}}""", "short_factor")]
    [InlineData("""{"model_type":"gemma2","layer_types":["full_attention","chunked_attention"]}""", "layer_types")]
    [InlineData("""{"model_type":"gemma2","layer_types":["full_attention"]}""", "26 layers")]
    [InlineData("""{"model_type":"smollm3","no_rope_layers":[1,2]}""", "no_rope_layers")]
    [InlineData("""{"model_type":"opt","layer_norm_elementwise_affine":false}""", "layer_norm_elementwise_affine")]
    [InlineData("""{"model_type":"opt","word_embed_proj_dim":0}""", "word_embed_proj_dim")]
    [InlineData("""{"model_type":"gpt2","n_inner":-1}""", "n_inner")]
    [InlineData("""{"model_type":"mpt","attn_config":{"qk_gn":true}}""", "attn_config.qk_gn")]
    [InlineData("""{"model_type":"mpt","attn_config":{"rope":true}}""", "attn_config.rope")]
    [InlineData("""{"model_type":"mpt","attn_config":{"sliding_window_size":8}}""", "attn_config.sliding_window_size")]
    [InlineData("""{"model_type":"mpt","attn_config":{"attn_type":"multiquery_attention"}}""", "kv_n_heads 1")]
    [InlineData("""{"model_type":"mpt","norm_type":"rmsnorm"}""", "norm_type")]
    [InlineData("""{"model_type":"mpt","ffn_config":{"ffn_type":"mptglu"}}""", "mptglu")]
    [InlineData("""{"model_type":"mpt","attn_config":{"clip_qkv":"x"}}""", "attn_config.clip_qkv")]
    [InlineData("""{"model_type":"mpt","logit_scale":"two"}""", "logit_scale")]
    [InlineData("""{"model_type":"llama","model_type":"mpt"}""", "JSON")]
    [InlineData("""{"model_type":"\ud800"}""", "Unicode")]
    [InlineData("""[]""", "object")]
    [InlineData("nonsense", "JSON")]
    public void Errors_name_the_key(string json, string inMessage)
    {
        var exception = Assert.Throws<ModelFormatException>(() => ModelConfig.Parse(json, "folder/config.json"));
        Assert.StartsWith("folder/config.json: ", exception.Message, StringComparison.Ordinal);
        Assert.Contains(inMessage, exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_file_is_a_format_error() =>
        Assert.Throws<ModelFormatException>(() => ModelConfig.Load(Path.Combine(Path.GetTempPath(), "transfuse-no-such-folder")));

    [Theory]
    [InlineData("""{"model_type":"llama","num_key_value_heads":4,"head_dim":48,"rope_scaling":{"type":"linear","factor":4},"eos_token_id":[2,5],"pad_token_id":0,"attention_bias":true,"my_key":{"x":[1,2.0]},"tie_word_embeddings":true}""")]
    [InlineData("""{"model_type":"gpt_neox","rotary_pct":0.5,"rotary_emb_base":500,"use_parallel_residual":false,"rope_scaling":{"rope_type":"linear","factor":2},"bos_token_id":null,"eos_token_id":null}""")]
    [InlineData("""{"model_type":"mpt","attn_config":{"clip_qkv":8,"softmax_scale":0.125,"alibi_bias_max":16,"kv_n_heads":4},"expansion_ratio":2.5,"logit_scale":"inv_sqrt_d_model","no_bias":false}""")]
    [InlineData("""{"model_type":"mpt","attn_config":{"alibi":false,"qk_ln":true,"sliding_window_size":-1,"attn_impl":"flash"},"norm_type":"layernorm","ffn_config":{"ffn_type":"mptmlp"}}""")]
    [InlineData("""{"model_type":"opt","hidden_size":1024,"num_attention_heads":16,"word_embed_proj_dim":512,"do_layer_norm_before":false}""")]
    [InlineData("""{"model_type":"opt","_remove_final_layer_norm":true,"enable_bias":false}""")]
    public void What_is_written_reads_the_same(string json)
    {
        var config = ModelConfig.Parse(json, "c");
        var again = ModelConfig.Parse(config.ToJson(), "c");
        Assert.Equal(config.ToJson(), again.ToJson());
        Assert.Equal(config.EosIds, again.EosIds);
        Assert.Equal(Comparable(config), Comparable(again));
    }

    [Fact]
    public void The_written_file_has_the_keys_of_both_versions_of_transformers()
    {
        var json = ModelConfig.Parse(Llama("""{"rope_scaling":{"type":"linear","factor":4},"mine":"x","use_cache":false}"""), "c").ToJson("bfloat16");
        using var document = JsonDocument.Parse(json);
        var root = document.RootElement;
        Assert.Equal("LlamaForCausalLM", root.GetProperty("architectures")[0].GetString());
        Assert.Equal("bfloat16", root.GetProperty("torch_dtype").GetString());
        Assert.Equal("4.0", root.GetProperty("rope_scaling").GetProperty("factor").GetRawText());
        Assert.Equal("linear", root.GetProperty("rope_scaling").GetProperty("type").GetString());
        Assert.Equal("linear", root.GetProperty("rope_parameters").GetProperty("rope_type").GetString());
        Assert.Equal("10000.0", root.GetProperty("rope_parameters").GetProperty("rope_theta").GetRawText());
        Assert.Equal("10000.0", root.GetProperty("rope_theta").GetRawText());
        Assert.Equal("1e-06", root.GetProperty("rms_norm_eps").GetRawText());
        Assert.Equal("x", root.GetProperty("mine").GetString());
    }

    private static string Llama(string keys) => keys.Insert(1, "\"model_type\":\"llama\"" + (keys.Length > 2 ? "," : ""));

    // Lists and dictionaries compare by reference in records.
    private static ModelConfig Comparable(ModelConfig config) => config with { EosIds = NoIds, OtherKeys = NoKeys };
}
