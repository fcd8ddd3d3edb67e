using System.Text.Json.Nodes;

namespace Transfuse.Checkpoints.Gguf;

/// <summary>The architectures that can be read from and written to GGUF. Another one is one more table.</summary>
internal static class GgufArchitectures
{
    private const string GatedT5 = "enc.blk.0.ffn_gate.weight";

    /// <summary>All of them.</summary>
    internal static IReadOnlyList<GgufArchitecture> All { get; } = [.. GgufLlamaFamily.All, GptNeoX, Mpt, Gpt2, T5];

    /// <summary>Values of <c>model_type</c> that can be written.</summary>
    internal static IEnumerable<string> ModelTypes => All.SelectMany(known => (string[])[known.ModelType, .. known.AlsoWrites]);

    /// <summary>The architecture of a GGUF file, or null.</summary>
    internal static GgufArchitecture? FromName(string? name) => All.FirstOrDefault(architecture => string.Equals(architecture.Name, name, StringComparison.Ordinal));

    /// <summary>The architecture of a <c>config.json</c>, or null.</summary>
    internal static GgufArchitecture? FromModelType(string? type) => All.FirstOrDefault(
        architecture => string.Equals(architecture.ModelType, type, StringComparison.Ordinal) || architecture.AlsoWrites.Contains(type, StringComparer.Ordinal));

    private static GgufArchitecture GptNeoX => new("gptneox", "gpt_neox")
    {
        Keys =
        [
            new("context_length", "max_position_embeddings"), new("embedding_length", "hidden_size"), new("block_count", "num_hidden_layers"),
            new("feed_forward_length", "intermediate_size"), new("attention.head_count", "num_attention_heads"),
            new("use_parallel_residual", "use_parallel_residual", GgufKeyKind.Boolean, IsOptional: true),
            new("attention.layer_norm_epsilon", "layer_norm_eps", GgufKeyKind.Single),
            new("hidden_activation", "hidden_act", GgufKeyKind.Text, IsOptional: true),
        ],
        Tensors =
        [
            new("token_embd", "gpt_neox.embed_in"), new("output_norm", "gpt_neox.final_layer_norm"), new("output", "embed_out"),
            new("blk.{}.attn_norm", "gpt_neox.layers.{}.input_layernorm"), new("blk.{}.ffn_norm", "gpt_neox.layers.{}.post_attention_layernorm"),
            new("blk.{}.attn_qkv", "gpt_neox.layers.{}.attention.query_key_value", RowOrder.HeadByHead),
            new("blk.{}.attn_output", "gpt_neox.layers.{}.attention.dense"), new("blk.{}.ffn_up", "gpt_neox.layers.{}.mlp.dense_h_to_4h"),
            new("blk.{}.ffn_down", "gpt_neox.layers.{}.mlp.dense_4h_to_h"),
        ],
        Prefix = "gpt_neox.",
        Implied = Values(("hidden_act", AnyGelu("gelu"))),
        Flags = Texts(("attention_bias", "blk.0.attn_qkv.bias")),
        Rope = ("rotary_emb_base", "rotary_pct"),
        RepeatsTiedHead = true,
    };

    private static GgufArchitecture Mpt => new("mpt", "mpt")
    {
        Keys =
        [
            new("context_length", "max_seq_len"), new("embedding_length", "d_model"), new("feed_forward_length", "expansion_ratio", GgufKeyKind.Expansion),
            new("block_count", "n_layers"), new("attention.head_count", "n_heads"), new("attention.head_count_kv", "attn_config.kv_n_heads", IsOptional: true), new("attention.layer_norm_epsilon", "layer_norm_epsilon", GgufKeyKind.Single),
            new("attention.clamp_kqv", "attn_config.clip_qkv", GgufKeyKind.Single, IsOptional: true),
            new("attention.max_alibi_bias", "attn_config.alibi_bias_max", GgufKeyKind.Single),
        ],
        Tensors =
        [
            new("token_embd", "transformer.wte"), new("output_norm", "transformer.norm_f"), new("output", "lm_head"),
            new("blk.{}.attn_norm", "transformer.blocks.{}.norm_1"), new("blk.{}.ffn_norm", "transformer.blocks.{}.norm_2"),
            new("blk.{}.attn_qkv", "transformer.blocks.{}.attn.Wqkv"), new("blk.{}.attn_output", "transformer.blocks.{}.attn.out_proj"),
            new("blk.{}.ffn_up", "transformer.blocks.{}.ffn.up_proj"), new("blk.{}.ffn_down", "transformer.blocks.{}.ffn.down_proj"),
        ],
        Prefix = "transformer.",
        Implied = Values(("logit_scale", ["null"]), ("attn_config.softmax_scale", ["null"]), ("attn_config.alibi", ["true"]), ("attn_config.qk_ln", ["false"])),
        Flags = Texts(("no_bias", "!blk.0.attn_norm.bias")),
    };

    private static GgufArchitecture Gpt2 => new("gpt2", "gpt2")
    {
        Keys =
        [
            new("context_length", "n_positions"), new("embedding_length", "n_embd"), new("block_count", "n_layer"), new("attention.head_count", "n_head"),
            new("feed_forward_length", "n_inner", IsOptional: true), new("attention.layer_norm_epsilon", "layer_norm_epsilon", GgufKeyKind.Single),
            new("hidden_activation", "activation_function", GgufKeyKind.Text, IsOptional: true),
        ],
        Tensors =
        [
            new("token_embd", "transformer.wte"), new("position_embd", "transformer.wpe"), new("output_norm", "transformer.ln_f"), new("output", "lm_head"),
            new("blk.{}.attn_norm", "transformer.h.{}.ln_1"), new("blk.{}.ffn_norm", "transformer.h.{}.ln_2"),
            new("blk.{}.attn_qkv", "transformer.h.{}.attn.c_attn", RowOrder.Transposed), new("blk.{}.attn_output", "transformer.h.{}.attn.c_proj", RowOrder.Transposed),
            new("blk.{}.ffn_up", "transformer.h.{}.mlp.c_fc", RowOrder.Transposed), new("blk.{}.ffn_down", "transformer.h.{}.mlp.c_proj", RowOrder.Transposed),
        ],
        Prefix = "transformer.",
        Implied = Values(("activation_function", AnyGelu("gelu_new")), ("scale_attn_by_inverse_layer_idx", ["false"])),
        RepeatsTiedHead = true,
    };

    private static GgufArchitecture T5 => new("t5", "t5")
    {
        Keys =
        [
            new("context_length", "n_positions", IsOptional: true), new("embedding_length", "d_model"), new("feed_forward_length", "d_ff"),
            new("block_count", "num_layers"), new("decoder_block_count", "num_decoder_layers", IsOptional: true), new("attention.head_count", "num_heads"),
            new("attention.key_length", "d_kv"), new("attention.value_length", "d_kv"), new("attention.layer_norm_epsilon", "layer_norm_epsilon", GgufKeyKind.Single),
            new("attention.layer_norm_rms_epsilon", "layer_norm_epsilon", GgufKeyKind.Single),
            new("attention.relative_buckets_count", "relative_attention_num_buckets"), new("decoder_start_token_id", "decoder_start_token_id", IsOptional: true),
            new("scale_decoder_outputs", "scale_decoder_outputs", GgufKeyKind.Folded, IsOptional: true),
        ],
        Tensors =
        [
            new("token_embd", "shared"), new("output", "lm_head"), new("enc.output_norm", "encoder.final_layer_norm"),
            new("dec.output_norm", "decoder.final_layer_norm") { Factor = T5OutputScale },
            .. T5Stack("enc", "encoder", 1), .. T5Stack("dec", "decoder", 2),
            new("dec.blk.{}.cross_attn_norm", "decoder.block.{}.layer.1.layer_norm"), .. T5Attention("dec.blk.{}.cross_attn", "decoder.block.{}.layer.1.EncDecAttention"),
        ],
        Implied = Values(("is_encoder_decoder", ["true"]), ("relative_attention_max_distance", ["128"])),
        Ignored =
        [
            "encoder.embed_tokens.weight", "decoder.embed_tokens.weight", "decoder.block.0.layer.1.EncDecAttention.relative_attention_bias.weight",
            "dec.blk.0.cross_attn_rel_b.weight",
        ],
        Told = ("feed_forward_proj", GatedT5, "gated-gelu", "relu"),
    };

    private static IEnumerable<GgufTensorRule> T5Stack(string gguf, string stack, int feedForward) =>
    [
        new($"{gguf}.blk.{{}}.attn_norm", $"{stack}.block.{{}}.layer.0.layer_norm"), .. T5Attention($"{gguf}.blk.{{}}.attn", $"{stack}.block.{{}}.layer.0.SelfAttention"),
        new($"{gguf}.blk.{{}}.attn_rel_b", $"{stack}.block.{{}}.layer.0.SelfAttention.relative_attention_bias"),
        new($"{gguf}.blk.{{}}.ffn_norm", $"{stack}.block.{{}}.layer.{feedForward}.layer_norm"),
        new($"{gguf}.blk.{{}}.ffn_gate", $"{stack}.block.{{}}.layer.{feedForward}.DenseReluDense.wi_0"),
        new($"{gguf}.blk.{{}}.ffn_up", $"{stack}.block.{{}}.layer.{feedForward}.DenseReluDense.wi_1") { OnlyWith = GatedT5 },
        new($"{gguf}.blk.{{}}.ffn_up", $"{stack}.block.{{}}.layer.{feedForward}.DenseReluDense.wi") { OnlyWith = "!" + GatedT5 },
        new($"{gguf}.blk.{{}}.ffn_down", $"{stack}.block.{{}}.layer.{feedForward}.DenseReluDense.wo"),
    ];

    private static IEnumerable<GgufTensorRule> T5Attention(string gguf, string attention) =>
        [new($"{gguf}_q", $"{attention}.q"), new($"{gguf}_k", $"{attention}.k"), new($"{gguf}_v", $"{attention}.v"), new($"{gguf}_o", $"{attention}.o")];

    /// <summary>T5 before 1.1 multiplies the decoder's output with hidden^(−1/2) before the head; llama.cpp does not, so the norm in front of it does.</summary>
    private static double T5OutputScale(ConfigTree config, GgufGeometry geometry)
    {
        var isScaled = (config.Find("scale_decoder_outputs") ?? config.Find("tie_word_embeddings")) is not JsonValue value || !value.TryGetValue<bool>(out var scales) || scales;
        return isScaled ? 1 / Math.Sqrt(geometry.Hidden) : 1;
    }

    /// <summary>llama.cpp has one GELU, the tanh form in a table of half precision, for all that models name; they differ by less than the table is wrong.</summary>
    private static string[] AnyGelu(string usual) =>
        [.. ((string[])[usual, "gelu", "gelu_new", "gelu_fast", "gelu_pytorch_tanh"]).Distinct(StringComparer.Ordinal).Select(name => $"\"{name}\"")];

    private static Dictionary<string, string[]> Values(params (string Key, string[] Json)[] values) =>
        values.ToDictionary(value => value.Key, value => value.Json, StringComparer.Ordinal);

    private static Dictionary<string, string> Texts(params (string Key, string Tensor)[] flags) =>
        flags.ToDictionary(flag => flag.Key, flag => flag.Tensor, StringComparer.Ordinal);
}
