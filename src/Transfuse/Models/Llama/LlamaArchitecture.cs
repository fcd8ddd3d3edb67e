using Transfuse.Checkpoints;
using Transfuse.Context;
using Transfuse.Models.Layers;
using Transfuse.Tensors.Devices;

namespace Transfuse.Models.Llama;

/// <summary>Llama (Touvron et al. 2023): RMS norms, rotary positions, grouped heads, SwiGLU; sequential residuals.</summary>
internal static class LlamaArchitecture
{
    /// <summary>Names and shapes of the weights; queries, keys and values are one parameter, gate and up another.</summary>
    internal static WeightMap Weights(LlamaConfig config)
    {
        var (hidden, size) = (config.HiddenSize, config.HeadSize);
        var map = new WeightMap("model.", "model.embed_tokens.weight", "lm_head.weight").Vocabulary(config.VocabularySize, hidden, config.TiesEmbeddings);
        for (var i = 0; i < config.LayerCount; i++)
        {
            var layer = $"model.layers.{i}";
            map.Norm($"{layer}.input_layernorm", hidden, hasBias: false)
                .Linear(
                    $"{layer}.self_attn.qkv_proj", hidden, config.AttentionBias, WeightRole.Matrix,
                    ($"{layer}.self_attn.q_proj", config.HeadCount * size),
                    ($"{layer}.self_attn.k_proj", config.KeyValueHeadCount * size),
                    ($"{layer}.self_attn.v_proj", config.KeyValueHeadCount * size))
                .Linear($"{layer}.self_attn.o_proj", hidden, config.HeadCount * size, config.AttentionBias, WeightRole.ResidualMatrix)
                .Norm($"{layer}.post_attention_layernorm", hidden, hasBias: false)
                .Linear(
                    $"{layer}.mlp.gate_up_proj", hidden, config.MlpBias, WeightRole.Matrix,
                    ($"{layer}.mlp.gate_proj", config.IntermediateSize),
                    ($"{layer}.mlp.up_proj", config.IntermediateSize))
                .Linear($"{layer}.mlp.down_proj", hidden, config.IntermediateSize, config.MlpBias, WeightRole.ResidualMatrix);
        }

        return map.Norm("model.norm", hidden, hasBias: false);
    }

    /// <summary>The model of these parameters, of which it takes ownership.</summary>
    internal static DecoderModel Build(LlamaConfig config, ParameterSet parameters, Device device)
    {
        var options = new AttentionOptions
        {
            QueryHeads = config.HeadCount,
            KeyValueHeads = config.KeyValueHeadCount,
            HeadSize = config.HeadSize,
            Scale = 1f / MathF.Sqrt(config.HeadSize),
        };
        var embedding = parameters["model.embed_tokens.weight"];
        return new DecoderModel(config, parameters, new RopeTable(device, RopeFrequencies.Create(config.Rope, config.HeadSize)))
        {
            Embedding = embedding,
            Blocks = [.. Enumerable.Range(0, config.LayerCount).Select(i => Block(i, config, parameters, options))],
            FinalNorm = RmsNormLayer.Of(parameters, "model.norm", config.NormEpsilon),
            Head = parameters.Find("lm_head.weight") ?? embedding,
        };
    }

    private static DecoderBlock Block(int index, LlamaConfig config, ParameterSet parameters, AttentionOptions options)
    {
        var layer = $"model.layers.{index}";
        var attention = new AttentionLayer(
            index, LinearLayer.Of(parameters, $"{layer}.self_attn.qkv_proj"), LinearLayer.Of(parameters, $"{layer}.self_attn.o_proj"))
        {
            Layout = ProjectionLayout.Stacked(config.HeadCount, config.KeyValueHeadCount, config.HeadSize),
            Options = options,
        };
        var mlp = new FeedForwardLayer(
            LinearLayer.Of(parameters, $"{layer}.mlp.gate_up_proj"), LinearLayer.Of(parameters, $"{layer}.mlp.down_proj"),
            Activations.Parse(config.Activation), isGated: true);
        return new DecoderBlock(
            RmsNormLayer.Of(parameters, $"{layer}.input_layernorm", config.NormEpsilon), attention,
            RmsNormLayer.Of(parameters, $"{layer}.post_attention_layernorm", config.NormEpsilon), mlp, isParallel: false);
    }
}
