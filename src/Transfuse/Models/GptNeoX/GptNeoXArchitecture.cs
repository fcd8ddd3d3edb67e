using Transfuse.Checkpoints;
using Transfuse.Context;
using Transfuse.Models.Layers;
using Transfuse.Tensors.Devices;

namespace Transfuse.Models.GptNeoX;

/// <summary>GPT-NeoX (Black et al. 2022), Pythia: layer norms, partly rotated heads, GELU; parallel or sequential residuals.</summary>
internal static class GptNeoXArchitecture
{
    private const string Embedding = "gpt_neox.embed_in.weight";
    private const string Head = "embed_out.weight";

    /// <summary>Names and shapes of the weights. The fused projection keeps the file's order, head by head.</summary>
    internal static WeightMap Weights(GptNeoXConfig config)
    {
        var hidden = config.HiddenSize;
        var map = new WeightMap("gpt_neox.", Embedding, Head).Vocabulary(config.VocabularySize, hidden, config.TiesEmbeddings);
        for (var i = 0; i < config.LayerCount; i++)
        {
            var layer = $"gpt_neox.layers.{i}";
            map.Norm($"{layer}.input_layernorm", hidden, hasBias: true)
                .Linear($"{layer}.attention.query_key_value", 3 * hidden, hidden, config.AttentionBias)
                .Linear($"{layer}.attention.dense", hidden, hidden, config.AttentionBias, WeightRole.ResidualMatrix)
                .Norm($"{layer}.post_attention_layernorm", hidden, hasBias: true)
                .Linear($"{layer}.mlp.dense_h_to_4h", config.IntermediateSize, hidden, hasBias: true)
                .Linear($"{layer}.mlp.dense_4h_to_h", hidden, config.IntermediateSize, hasBias: true, WeightRole.ResidualMatrix);
        }

        return map.Norm("gpt_neox.final_layer_norm", hidden, hasBias: true);
    }

    /// <summary>The model of these parameters, of which it takes ownership.</summary>
    internal static DecoderModel Build(GptNeoXConfig config, ParameterSet parameters, Device device)
    {
        var options = new AttentionOptions
        {
            QueryHeads = config.HeadCount,
            KeyValueHeads = config.HeadCount,
            HeadSize = config.HeadSize,
            Scale = 1f / MathF.Sqrt(config.HeadSize),
        };
        return new DecoderModel(config, parameters, new RopeTable(device, RopeFrequencies.Create(config.Rope, config.HeadSize)))
        {
            Embedding = parameters[Embedding],
            Blocks = [.. Enumerable.Range(0, config.LayerCount).Select(i => Block(i, config, parameters, options))],
            FinalNorm = LayerNormLayer.Of(parameters, "gpt_neox.final_layer_norm", config.NormEpsilon),
            Head = parameters.Find(Head) ?? parameters[Embedding],
        };
    }

    private static DecoderBlock Block(int index, GptNeoXConfig config, ParameterSet parameters, AttentionOptions options)
    {
        var layer = $"gpt_neox.layers.{index}";
        var attention = new AttentionLayer(
            index, LinearLayer.Of(parameters, $"{layer}.attention.query_key_value"), LinearLayer.Of(parameters, $"{layer}.attention.dense"))
        {
            Layout = ProjectionLayout.Interleaved(config.HeadSize),
            Options = options,
        };
        var mlp = new FeedForwardLayer(
            LinearLayer.Of(parameters, $"{layer}.mlp.dense_h_to_4h"), LinearLayer.Of(parameters, $"{layer}.mlp.dense_4h_to_h"),
            Activations.Parse(config.Activation), isGated: false);
        return new DecoderBlock(
            LayerNormLayer.Of(parameters, $"{layer}.input_layernorm", config.NormEpsilon), attention,
            LayerNormLayer.Of(parameters, $"{layer}.post_attention_layernorm", config.NormEpsilon), mlp, config.ParallelResidual);
    }
}
