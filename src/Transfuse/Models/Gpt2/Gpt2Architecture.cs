using Transfuse.Checkpoints;

namespace Transfuse.Models.Gpt2;

/// <summary>GPT-2 (Radford et al. 2019): layer norms, learned positions, GELU; matrices lie transposed in the file.</summary>
internal static class Gpt2Architecture
{
    internal static PlainDecoder Describe(Gpt2Config config) => new()
    {
        Prefix = "transformer.",
        Embedding = "transformer.wte",
        Head = "lm_head",
        Layers = "transformer.h",
        AttentionNorm = "ln_1",
        Projection = "attn.c_attn",
        Output = "attn.c_proj",
        MlpNorm = "ln_2",
        Up = "mlp.c_fc",
        Down = "mlp.c_proj",
        FinalNorm = "transformer.ln_f",
        Positions = "transformer.wpe",
        IsTransposed = true,
        ScaleOf = layer => (config.ScalesByHeadSize ? 1 / Math.Sqrt(config.HeadSize) : 1) / (config.ScalesByLayer ? layer + 1 : 1),
    };
}
