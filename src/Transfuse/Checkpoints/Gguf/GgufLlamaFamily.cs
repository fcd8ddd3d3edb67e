using System.Text.Json.Nodes;

namespace Transfuse.Checkpoints.Gguf;

/// <summary>The members of the Llama family in GGUF: what they have in common, and what sets each apart.</summary>
internal static class GgufLlamaFamily
{
    private const string Silu = "\"silu\"";
    private const string TanhGelu = "\"gelu_pytorch_tanh\"";
    private static readonly (string Theta, string Partial) Rotation = ("rope_theta", "partial_rotary_factor");

    private static readonly GgufKeyRule[] Keys =
    [
        new("context_length", "max_position_embeddings"), new("embedding_length", "hidden_size"), new("block_count", "num_hidden_layers"),
        new("feed_forward_length", "intermediate_size"), new("attention.head_count", "num_attention_heads"),
        new("attention.head_count_kv", "num_key_value_heads", IsOptional: true), new("attention.key_length", "head_dim", IsOptional: true),
        new("attention.value_length", "head_dim", IsOptional: true), new("attention.layer_norm_rms_epsilon", "rms_norm_eps", GgufKeyKind.Single),
    ];

    private static readonly GgufTensorRule[] Vocabulary =
        [new("token_embd", "model.embed_tokens"), new("output_norm", "model.norm"), new("output", "lm_head")];

    private static readonly GgufTensorRule[] NormsBefore =
        [new("blk.{}.attn_norm", "model.layers.{}.input_layernorm"), new("blk.{}.ffn_norm", "model.layers.{}.post_attention_layernorm")];

    private static readonly GgufTensorRule[] Projections =
    [
        new("blk.{}.attn_v", "model.layers.{}.self_attn.v_proj"), new("blk.{}.attn_output", "model.layers.{}.self_attn.o_proj"),
        new("blk.{}.ffn_gate", "model.layers.{}.mlp.gate_proj"), new("blk.{}.ffn_up", "model.layers.{}.mlp.up_proj"),
        new("blk.{}.ffn_down", "model.layers.{}.mlp.down_proj"),
    ];

    private static readonly GgufTensorRule[] Queries =
        [new("blk.{}.attn_q", "model.layers.{}.self_attn.q_proj"), new("blk.{}.attn_k", "model.layers.{}.self_attn.k_proj")];

    private static readonly GgufTensorRule[] PairedQueries =
    [
        new("blk.{}.attn_q", "model.layers.{}.self_attn.q_proj", RowOrder.QueryPairs),
        new("blk.{}.attn_k", "model.layers.{}.self_attn.k_proj", RowOrder.KeyPairs),
    ];

    private static readonly GgufTensorRule[] QueryNorms =
        [new("blk.{}.attn_q_norm", "model.layers.{}.self_attn.q_norm"), new("blk.{}.attn_k_norm", "model.layers.{}.self_attn.k_norm")];

    // Gemma 2 and 3 have a norm on either side of attention and feed-forward part.
    private static readonly GgufTensorRule[] NormsAround =
    [
        new("blk.{}.attn_norm", "model.layers.{}.input_layernorm"), new("blk.{}.post_attention_norm", "model.layers.{}.post_attention_layernorm"),
        new("blk.{}.ffn_norm", "model.layers.{}.pre_feedforward_layernorm"), new("blk.{}.post_ffw_norm", "model.layers.{}.post_feedforward_layernorm"),
    ];

    /// <summary>All of them.</summary>
    internal static IReadOnlyList<GgufArchitecture> All { get; } =
    [
        new("llama", "llama")
        {
            AlsoWrites = ["mistral"],
            Keys = Keys,
            Tensors = [.. Vocabulary, .. NormsBefore, .. Projections, .. PairedQueries],
            Prefix = "model.",
            Implied = Meaning(("hidden_act", Silu)),
            Flags = Present(("attention_bias", "blk.0.attn_q.bias"), ("mlp_bias", "blk.0.ffn_up.bias")),
            Rope = Rotation,
            EndsAtWindow = true,
            HasRopeDivisors = true,
        },
        new("qwen2", "qwen2")
        {
            Keys = Keys,
            Tensors = [.. Vocabulary, .. NormsBefore, .. Projections, .. Queries],
            Prefix = "model.",
            Implied = Meaning(("hidden_act", Silu)),
            Rope = Rotation,
            EndsAtWindow = true,
        },
        new("qwen3", "qwen3")
        {
            Keys = Keys,
            Tensors = [.. Vocabulary, .. NormsBefore, .. Projections, .. Queries, .. QueryNorms],
            Prefix = "model.",
            Implied = Meaning(("hidden_act", Silu), ("attention_bias", "false")),
            Rope = Rotation,
            EndsAtWindow = true,
        },
        new("smollm3", "smollm3")
        {
            Keys = Keys,
            Tensors = [.. Vocabulary, .. NormsBefore, .. Projections, .. PairedQueries],
            Prefix = "model.",
            Implied = Meaning(("hidden_act", Silu), ("attention_bias", "false"), ("mlp_bias", "false")),
            Derived = [new("no_rope_layers", EveryFourthWithout, IsDemanded: true)],
            Rope = Rotation,
            EndsAtWindow = true,
        },
        new("olmo2", "olmo2")
        {
            Keys = Keys,
            Tensors =
            [
                .. Vocabulary, .. Projections, .. Queries, .. QueryNorms,
                new("blk.{}.post_attention_norm", "model.layers.{}.post_attention_layernorm"),
                new("blk.{}.post_ffw_norm", "model.layers.{}.post_feedforward_layernorm"),
            ],
            Prefix = "model.",
            Implied = Meaning(("hidden_act", Silu), ("attention_bias", "false")),
            Rope = Rotation,
        },
        new("phi3", "phi3")
        {
            Keys = [.. Keys, new("attention.sliding_window", "sliding_window", IsOptional: true)],
            Tensors =
            [
                .. Vocabulary, .. NormsBefore, new("blk.{}.attn_qkv", "model.layers.{}.self_attn.qkv_proj"),
                new("blk.{}.attn_output", "model.layers.{}.self_attn.o_proj"), new("blk.{}.ffn_up", "model.layers.{}.mlp.gate_up_proj"),
                new("blk.{}.ffn_down", "model.layers.{}.mlp.down_proj"),
            ],
            Prefix = "model.",
            Implied = Meaning(("hidden_act", Silu), ("attention_bias", "false")),
            Rope = Rotation,
        },
        new("granite", "granite")
        {
            Keys =
            [
                .. Keys, new("attention.scale", "attention_multiplier", GgufKeyKind.Single), new("embedding_scale", "embedding_multiplier", GgufKeyKind.Single),
                new("residual_scale", "residual_multiplier", GgufKeyKind.Single), new("logit_scale", "logits_scaling", GgufKeyKind.Single),
            ],
            Tensors = [.. Vocabulary, .. NormsBefore, .. Projections, .. PairedQueries],
            Prefix = "model.",
            Implied = Meaning(("hidden_act", Silu)),
            Flags = Present(("attention_bias", "blk.0.attn_q.bias"), ("mlp_bias", "blk.0.ffn_up.bias")),
            Rope = Rotation,
            HasRopeDivisors = true,
        },
        new("gemma", "gemma")
        {
            Keys = Keys,
            Tensors = [.. WithPlusOne([.. Vocabulary, .. NormsBefore]), .. Projections, .. Queries],
            Prefix = "model.",
            Implied = Meaning(("hidden_activation", TanhGelu), ("attention_bias", "false")),
            Rope = Rotation,
            IsAlwaysTied = true,
        },
        Gemma2, Gemma3,
    ];

    private static GgufArchitecture Gemma2 => new("gemma2", "gemma2")
    {
        // llama.cpp takes Gemma 2's published values for keys that are absent, so none may be.
        Keys =
        [
            .. Keys, new("attention.sliding_window", "sliding_window"),
            new("attention.sliding_window_pattern", "layer_types", GgufKeyKind.SlidingLayers, IsOptional: true),
            new("attn_logit_softcapping", "attn_logit_softcapping", GgufKeyKind.Single), new("final_logit_softcapping", "final_logit_softcapping", GgufKeyKind.Single),
        ],
        Tensors =
        [
            .. WithPlusOne([.. Vocabulary, .. NormsAround]), .. Projections,
            Queries[0] with { Factor = (config, geometry) => QueryFactor(config, geometry, layersOf27B: 46) }, Queries[1],
        ],
        Prefix = "model.",
        Implied = Meaning(("hidden_activation", TanhGelu), ("attention_bias", "false")),
        Derived = [new("query_pre_attn_scalar", geometry => QueryScalar(geometry, layersOf27B: 46), IsDemanded: false)],
        Rope = Rotation,
        IsAlwaysTied = true,
    };

    private static GgufArchitecture Gemma3 => new("gemma3", "gemma3_text")
    {
        Keys =
        [
            .. Keys, new("attention.sliding_window", "sliding_window", IsOptional: true),
            new("attention.sliding_window_pattern", "layer_types", GgufKeyKind.SlidingLayers, IsOptional: true),
            new("final_logit_softcapping", "final_logit_softcapping", GgufKeyKind.Single, IsOptional: true),
            new("rope.freq_base_swa", "rope_local_base_freq", GgufKeyKind.Single, IsOptional: true),
        ],
        Tensors =
        [
            .. WithPlusOne([.. Vocabulary, .. NormsAround, QueryNorms[0] with { Factor = (config, geometry) => QueryFactor(config, geometry, layersOf27B: 62) }, QueryNorms[1]]),
            .. Projections, .. Queries,
        ],
        Prefix = "model.",
        Implied = Meaning(
            ("hidden_activation", TanhGelu), ("attention_bias", "false"), ("attn_logit_softcapping", "null"), ("rope_parameters.sliding_attention.rope_type", "\"default\"")),
        Derived = [new("query_pre_attn_scalar", geometry => QueryScalar(geometry, layersOf27B: 62), IsDemanded: false)],
        Rope = Rotation,
        StretchesContext = false,
    };

    private static IEnumerable<GgufTensorRule> WithPlusOne(IEnumerable<GgufTensorRule> rules) =>
        rules.Select(rule => rule.Gguf.EndsWith("norm", StringComparison.Ordinal) ? rule with { Order = RowOrder.PlusOne } : rule);

    /// <summary>llama.cpp gives no positions to every fourth layer of SmolLM 3.</summary>
    private static JsonArray EveryFourthWithout(GgufGeometry geometry) =>
        [.. Enumerable.Range(1, geometry.Layers).Select(number => JsonValue.Create(number % 4 == 0 ? 0 : 1))];

    /// <summary>
    /// Gemma's scores are divided by the root of <c>query_pre_attn_scalar</c>. llama.cpp knows the models of 27B by their number of layers and
    /// takes hidden/heads for them, and for all others the size of a head.
    /// </summary>
    private static int QueryScalar(GgufGeometry geometry, int layersOf27B) => geometry.Layers == layersOf27B ? geometry.Hidden / geometry.Heads : geometry.HeadSize;

    private static double QueryFactor(ConfigTree config, GgufGeometry geometry, int layersOf27B)
    {
        var implied = QueryScalar(geometry, layersOf27B);
        return Math.Sqrt(implied / (config.Number("query_pre_attn_scalar") ?? implied));
    }

    private static Dictionary<string, string[]> Meaning(params (string Key, string Json)[] values) =>
        values.ToDictionary(value => value.Key, value => (string[])[value.Json], StringComparer.Ordinal);

    private static Dictionary<string, string> Present(params (string Key, string Tensor)[] flags) =>
        flags.ToDictionary(flag => flag.Key, flag => flag.Tensor, StringComparer.Ordinal);
}
