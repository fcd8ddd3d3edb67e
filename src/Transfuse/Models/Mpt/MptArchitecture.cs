using Transfuse.Checkpoints;
using Transfuse.Tensors.Devices;

namespace Transfuse.Models.Mpt;

/// <summary>MPT (MosaicML 2023): layer norms, ALiBi or learned positions, GELU, usually no biases; sequential residuals.</summary>
internal static class MptArchitecture
{
    internal static PlainDecoder Describe(MptConfig config) => new()
    {
        Prefix = "transformer.",
        Embedding = "transformer.wte",
        Head = "lm_head",
        Layers = "transformer.blocks",
        AttentionNorm = "norm_1",
        Projection = "attn.Wqkv",
        Output = "attn.out_proj",
        MlpNorm = "norm_2",
        Up = "ffn.up_proj",
        Down = "ffn.down_proj",
        FinalNorm = "transformer.norm_f",
        NormBias = config.HasBias,
        AttentionBias = config.HasBias,
        MlpBias = config.HasBias,
        Clip = (float)(config.ClipQkv ?? 0),
        AlibiSlopes = config.HasAlibi ? AlibiSlopes(config.HeadCount, config.AlibiBiasMax) : null,
        Positions = config.LearnsPositions && !config.HasAlibi ? "transformer.wpe" : null,
        QueryKeyNorms = config.NormsQueriesAndKeys ? ("attn.q_ln", "attn.k_ln") : null,
        HeadOptions = HeadOptions.Plain with { LogitScale = (float)config.LogitScale },
        ScaleOf = _ => config.SoftmaxScale ?? 1 / Math.Sqrt(config.HeadSize),
    };

    /// <summary>
    /// Slopes of ALiBi (Press et al. 2022): mᵢ = 2^(−i·max/P), i = 1 … P, with P the power of two from the number of heads up; where P is
    /// larger, the even ones come first and then the odd ones, cut to the number of heads.
    /// </summary>
    internal static float[] AlibiSlopes(int heads, double biasMax)
    {
        var power = (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)heads);
        float[] slopes = [.. Enumerable.Range(1, power).Select(i => (float)Math.Pow(2, -i * biasMax / power))];
        return power == heads
            ? slopes
            : [.. slopes.Where((_, i) => i % 2 == 1).Concat(slopes.Where((_, i) => i % 2 == 0)).Take(heads)];
    }
}
