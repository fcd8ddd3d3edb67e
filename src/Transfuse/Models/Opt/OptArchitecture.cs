using Transfuse.Checkpoints;

namespace Transfuse.Models.Opt;

/// <summary>
/// OPT (Zhang et al. 2022): layer norms, learned positions, ReLU. The size of 350M alone has an embedding narrower than its hidden states, norms
/// after the sums, and none at the end.
/// </summary>
internal static class OptArchitecture
{
    // The table begins with two rows that were meant for padding.
    private const int FirstPosition = 2;

    internal static PlainDecoder Describe(OptConfig config) => new()
    {
        Prefix = "model.",
        Embedding = "model.decoder.embed_tokens",
        Head = "lm_head",
        Layers = "model.decoder.layers",
        AttentionNorm = "self_attn_layer_norm",
        Projection = "self_attn.qkv_proj",
        ProjectionParts = ["self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"],
        Output = "self_attn.out_proj",
        MlpNorm = "final_layer_norm",
        Up = "fc1",
        Down = "fc2",
        FinalNorm = config.HasFinalNorm ? "model.decoder.final_layer_norm" : null,
        NormsSums = !config.NormsFirst,
        EmbeddingSize = config.EmbeddingSize,
        InputProjection = "model.decoder.project_in",
        OutputProjection = "model.decoder.project_out",
        Positions = "model.decoder.embed_positions",
        PositionOffset = FirstPosition,
        AttentionBias = config.HasBias,
        MlpBias = config.HasBias,
        ScaleOf = _ => 1 / Math.Sqrt(config.HeadSize),
    };
}
