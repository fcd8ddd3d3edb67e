using Transfuse.Checkpoints;

namespace Transfuse.Models.GptNeoX;

/// <summary>GPT-NeoX (Black et al. 2022), Pythia: layer norms, partly rotated heads, GELU; parallel or sequential residuals.</summary>
internal static class GptNeoXArchitecture
{
    /// <summary>The fused projection keeps the file's order, head by head.</summary>
    internal static PlainDecoder Describe(GptNeoXConfig config) => new()
    {
        Prefix = "gpt_neox.",
        Embedding = "gpt_neox.embed_in",
        Head = "embed_out",
        Layers = "gpt_neox.layers",
        AttentionNorm = "input_layernorm",
        Projection = "attention.query_key_value",
        Output = "attention.dense",
        MlpNorm = "post_attention_layernorm",
        Up = "mlp.dense_h_to_4h",
        Down = "mlp.dense_4h_to_h",
        FinalNorm = "gpt_neox.final_layer_norm",
        AttentionBias = config.AttentionBias,
        IsInterleaved = true,
        IsParallel = config.ParallelResidual,
        Rope = config.Rope,
        ScaleOf = _ => 1 / Math.Sqrt(config.HeadSize),
    };
}
