using Transfuse.Checkpoints;
using Transfuse.Models.Layers;
using Transfuse.Tensors.Devices;

namespace Transfuse.Models.T5;

/// <summary>
/// T5 (Raffel et al. 2020), v1.1 and Flan: RMS norms, no biases, scores that are not scaled, a learned bias by distance in the first block of
/// each stack that all its blocks add.
/// </summary>
internal static class T5Architecture
{
    private const string BiasName = "layer.0.SelfAttention.relative_attention_bias";

    /// <summary>Names and shapes of the weights; of the attention's projections those that read the same input are one parameter, gate and up another.</summary>
    internal static WeightMap Weights(T5Config config)
    {
        var map = new WeightMap("", "shared.weight", "lm_head.weight")
            .Vocabulary(config.VocabularySize, config.HiddenSize, config.TiesEmbeddings)
            .Ignore("encoder.embed_tokens.weight", "decoder.embed_tokens.weight", "decoder.block.0.layer.1.EncDecAttention.relative_attention_bias.weight");
        AddStack(map, "encoder", config.LayerCount, config, isDecoder: false);
        AddStack(map, "decoder", config.DecoderLayerCount, config, isDecoder: true);
        return map;
    }

    /// <summary>
    /// Standard deviation of the initial weights of a file's tensor, as the original has it: the projections start small enough for scores that
    /// are not divided by the root of the head size.
    /// </summary>
    internal static double Deviation(T5Config config, string fileName)
    {
        var hidden = (double)config.HiddenSize;
        var variance = fileName.Split('.')[^2] switch
        {
            "shared" or "lm_head" => 1,
            "q" => 1 / (hidden * config.HeadSize),
            "o" => 1.0 / (config.HeadCount * config.HeadSize),
            "wo" => 1.0 / config.IntermediateSize,
            _ => 1 / hidden,
        };
        return config.InitializerFactor * Math.Sqrt(variance);
    }

    /// <summary>The model of these parameters, of which it takes ownership.</summary>
    internal static T5Model Build(T5Config config, ParameterSet parameters)
    {
        var embedding = parameters["shared.weight"];
        return new T5Model(config, parameters)
        {
            Embedding = embedding,
            Head = parameters.Find("lm_head.weight") ?? embedding,
            Encoder = [.. Enumerable.Range(0, config.LayerCount).Select(i => Block(i, "encoder", config, parameters, isDecoder: false))],
            EncoderNorm = RmsNormLayer.Of(parameters, "encoder.final_layer_norm", config.NormEpsilon),
            Decoder = [.. Enumerable.Range(0, config.DecoderLayerCount).Select(i => Block(i, "decoder", config, parameters, isDecoder: true))],
            DecoderNorm = RmsNormLayer.Of(parameters, "decoder.final_layer_norm", config.NormEpsilon),
        };
    }

    private static void AddStack(WeightMap map, string stack, int layers, T5Config config, bool isDecoder)
    {
        var (hidden, inner) = (config.HiddenSize, config.HeadCount * config.HeadSize);
        for (var i = 0; i < layers; i++)
        {
            var block = $"{stack}.block.{i}";
            var self = $"{block}.layer.0.SelfAttention";
            map.Linear($"{self}.qkv", hidden, hasBias: false, WeightRole.Matrix, ($"{self}.q", inner), ($"{self}.k", inner), ($"{self}.v", inner))
                .Linear($"{self}.o", hidden, inner, hasBias: false);
            if (i == 0)
            {
                map.Linear($"{block}.{BiasName}", config.RelativeBuckets, config.HeadCount, hasBias: false, WeightRole.Embedding);
            }

            map.Norm($"{block}.layer.0.layer_norm", hidden, hasBias: false);
            if (isDecoder)
            {
                var cross = $"{block}.layer.1.EncDecAttention";
                map.Linear($"{cross}.q", inner, hidden, hasBias: false)
                    .Linear($"{cross}.kv", hidden, hasBias: false, WeightRole.Matrix, ($"{cross}.k", inner), ($"{cross}.v", inner))
                    .Linear($"{cross}.o", hidden, inner, hasBias: false)
                    .Norm($"{block}.layer.1.layer_norm", hidden, hasBias: false);
            }

            AddFeedForward(map, FeedForwardName(block, isDecoder), config);
        }

        map.Norm($"{stack}.final_layer_norm", hidden, hasBias: false);
    }

    private static void AddFeedForward(WeightMap map, string layer, T5Config config)
    {
        var (name, hidden, inner) = ($"{layer}.DenseReluDense", config.HiddenSize, config.IntermediateSize);
        _ = config.IsGated
            ? map.Linear($"{name}.wi", hidden, hasBias: false, WeightRole.Matrix, ($"{name}.wi_0", inner), ($"{name}.wi_1", inner))
            : map.Linear($"{name}.wi", inner, hidden, hasBias: false);
        map.Linear($"{name}.wo", hidden, inner, hasBias: false).Norm($"{layer}.layer_norm", hidden, hasBias: false);
    }

    private static string FeedForwardName(string block, bool isDecoder) => $"{block}.layer.{(isDecoder ? 2 : 1)}";

    private static T5Block Block(int index, string stack, T5Config config, ParameterSet parameters, bool isDecoder)
    {
        var block = $"{stack}.block.{index}";
        var self = $"{block}.layer.0.SelfAttention";
        var options = new AttentionOptions
        {
            QueryHeads = config.HeadCount,
            KeyValueHeads = config.HeadCount,
            HeadSize = config.HeadSize,
            Scale = 1,
            Causal = false,
        };
        var attention = new T5SelfAttention(
            index, LinearLayer.Of(parameters, $"{self}.qkv"), LinearLayer.Of(parameters, $"{self}.o"), parameters[$"{stack}.block.0.{BiasName}.weight"],
            options with { Causal = isDecoder, RelativeBias = new RelativeBuckets(config.RelativeBuckets, config.RelativeMaxDistance, !isDecoder) });
        var feedForward = FeedForwardName(block, isDecoder);
        return new T5Block(
            Norm($"{block}.layer.0"), attention,
            Norm(feedForward), new T5FeedForward(
                LinearLayer.Of(parameters, $"{feedForward}.DenseReluDense.wi"), LinearLayer.Of(parameters, $"{feedForward}.DenseReluDense.wo"),
                Activations.Parse(config.ActivationName), config.IsGated))
        {
            Cross = isDecoder ? (Norm($"{block}.layer.1"), CrossAttention(index, $"{block}.layer.1.EncDecAttention", parameters, options)) : null,
        };

        RmsNormLayer Norm(string layer) => RmsNormLayer.Of(parameters, $"{layer}.layer_norm", config.NormEpsilon);
    }

    private static T5CrossAttention CrossAttention(int index, string name, ParameterSet parameters, AttentionOptions options) => new(
        index, LinearLayer.Of(parameters, $"{name}.q"), LinearLayer.Of(parameters, $"{name}.kv"), LinearLayer.Of(parameters, $"{name}.o"), options);
}
