using Transfuse.Checkpoints;
using Transfuse.Models.Layers;
using Transfuse.Tensors.Devices;

namespace Transfuse.Models.Mpt;

/// <summary>MPT (MosaicML 2023): layer norms, ALiBi instead of positions, GELU, usually no biases; sequential residuals.</summary>
internal static class MptArchitecture
{
    private const string Embedding = "transformer.wte.weight";
    private const string Head = "lm_head.weight";

    /// <summary>Names and shapes of the weights.</summary>
    internal static WeightMap Weights(MptConfig config)
    {
        var hidden = config.HiddenSize;
        var projected = hidden + (2 * config.KeyValueHeadCount * config.HeadSize);
        var map = new WeightMap("transformer.", Embedding, Head).Vocabulary(config.VocabularySize, hidden, config.TiesEmbeddings);
        for (var i = 0; i < config.LayerCount; i++)
        {
            var layer = $"transformer.blocks.{i}";
            map.Norm($"{layer}.norm_1", hidden, config.HasBias)
                .Linear($"{layer}.attn.Wqkv", projected, hidden, config.HasBias)
                .Linear($"{layer}.attn.out_proj", hidden, hidden, config.HasBias, WeightRole.ResidualMatrix)
                .Norm($"{layer}.norm_2", hidden, config.HasBias)
                .Linear($"{layer}.ffn.up_proj", config.IntermediateSize, hidden, config.HasBias)
                .Linear($"{layer}.ffn.down_proj", hidden, config.IntermediateSize, config.HasBias, WeightRole.ResidualMatrix);
        }

        return map.Norm("transformer.norm_f", hidden, config.HasBias);
    }

    /// <summary>The model of these parameters, of which it takes ownership.</summary>
    internal static DecoderModel Build(MptConfig config, ParameterSet parameters)
    {
        var options = new AttentionOptions
        {
            QueryHeads = config.HeadCount,
            KeyValueHeads = config.KeyValueHeadCount,
            HeadSize = config.HeadSize,
            Scale = (float)(config.SoftmaxScale ?? 1 / Math.Sqrt(config.HeadSize)),
            AlibiSlopes = AlibiSlopes(config.HeadCount, config.AlibiBiasMax),
        };
        return new DecoderModel(config, parameters, rope: null)
        {
            Embedding = parameters[Embedding],
            Blocks = [.. Enumerable.Range(0, config.LayerCount).Select(i => Block(i, config, parameters, options))],
            FinalNorm = LayerNormLayer.Of(parameters, "transformer.norm_f", config.NormEpsilon),
            Head = parameters.Find(Head) ?? parameters[Embedding],
            Options = HeadOptions.Plain with { LogitScale = (float)config.LogitScale },
        };
    }

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

    private static DecoderBlock Block(int index, MptConfig config, ParameterSet parameters, AttentionOptions options)
    {
        var layer = $"transformer.blocks.{index}";
        var attention = new AttentionLayer(
            index, LinearLayer.Of(parameters, $"{layer}.attn.Wqkv"), LinearLayer.Of(parameters, $"{layer}.attn.out_proj"))
        {
            Layout = ProjectionLayout.Stacked(config.HeadCount, config.KeyValueHeadCount, config.HeadSize),
            Options = options,
            Clip = (float)(config.ClipQkv ?? 0),
        };
        var mlp = new FeedForwardLayer(
            LinearLayer.Of(parameters, $"{layer}.ffn.up_proj"), LinearLayer.Of(parameters, $"{layer}.ffn.down_proj"),
            ActivationKind.Gelu, isGated: false);
        return new DecoderBlock(
            LayerNormLayer.Of(parameters, $"{layer}.norm_1", config.NormEpsilon), attention,
            LayerNormLayer.Of(parameters, $"{layer}.norm_2", config.NormEpsilon), mlp, isParallel: false);
    }
}
