using Transfuse.Checkpoints;

namespace Transfuse.Models.Llama;

/// <summary>What the Llama family's files call the norms of a block; null for one that the member does not have.</summary>
internal static class LlamaNames
{
    /// <summary>Norms on what attention takes and gives.</summary>
    internal static (string? Before, string? After) Attention(LlamaVariant variant) => variant.Norms switch
    {
        NormPlacement.After => (null, "post_attention_layernorm"),
        NormPlacement.Both => ("input_layernorm", "post_attention_layernorm"),
        _ => ("input_layernorm", null),
    };

    /// <summary>Norms on what the feed-forward part takes and gives. One name means another thing where norms come before only.</summary>
    internal static (string? Before, string? After) Mlp(LlamaVariant variant) => variant.Norms switch
    {
        NormPlacement.After => (null, "post_feedforward_layernorm"),
        NormPlacement.Both => ("pre_feedforward_layernorm", "post_feedforward_layernorm"),
        _ => ("post_attention_layernorm", null),
    };
}
