using Transfuse.Checkpoints;
using Transfuse.Context;
using Transfuse.Models.Layers;
using Transfuse.Tensors.Devices;

namespace Transfuse.Models.Llama;

/// <summary>
/// Llama (Touvron et al. 2023) and its family: RMS norms, rotary positions, grouped heads, a gated feed-forward part; sequential residuals.
/// What the members add is in their <see cref="LlamaVariant"/>.
/// </summary>
internal static class LlamaArchitecture
{
    private const string Embedding = "model.embed_tokens.weight";
    private const string Head = "lm_head.weight";

    /// <summary>
    /// Names and shapes of the weights. Queries, keys and values are one parameter, unless they have norms of their own; gate and up are
    /// another.
    /// </summary>
    internal static WeightMap Weights(LlamaConfig config)
    {
        var map = new WeightMap("model.", Embedding, Head).Vocabulary(config.VocabularySize, config.HiddenSize, config.TiesEmbeddings);
        for (var i = 0; i < config.LayerCount; i++)
        {
            var layer = $"model.layers.{i}";
            AddNorms(map, config, layer, LlamaNames.Attention(config.Variant));
            AddAttention(map, config, $"{layer}.self_attn");
            AddNorms(map, config, layer, LlamaNames.Mlp(config.Variant));
            AddMlp(map, config, $"{layer}.mlp");
        }

        return map.Norm("model.norm", config.HiddenSize, hasBias: false, NormRole(config));
    }

    /// <summary>The model of these parameters, of which it takes ownership.</summary>
    internal static DecoderModel Build(LlamaConfig config, ParameterSet parameters, Device device)
    {
        List<RopeParameters> ropes = [.. Enumerable.Range(0, config.LayerCount).Select(config.RopeOf).OfType<RopeParameters>().Distinct()];
        var embedding = parameters[Embedding];
        return new DecoderModel(config, parameters, [.. ropes.Select(rope => new RotaryPositions(device, rope, config.HeadSize))])
        {
            Embedding = embedding,
            EmbeddingFactor = (float)(config.Variant.IsGemma ? Math.Sqrt(config.HiddenSize) : config.EmbeddingMultiplier),
            Blocks = [.. Enumerable.Range(0, config.LayerCount).Select(i => Block(i, config, parameters, ropes))],
            FinalNorm = Norm(parameters, config, "model.norm"),
            Head = parameters.Find(Head) ?? embedding,
            Options = new HeadOptions((float)(1 / config.LogitsDivisor), (float)(config.FinalSoftCap ?? 0)),
        };
    }

    private static void AddNorms(WeightMap map, LlamaConfig config, string layer, (string? Before, string? After) names)
    {
        foreach (var name in (string?[])[names.Before, names.After])
        {
            if (name is not null)
            {
                map.Norm($"{layer}.{name}", config.HiddenSize, hasBias: false, NormRole(config));
            }
        }
    }

    private static void AddAttention(WeightMap map, LlamaConfig config, string name)
    {
        var (hidden, size, bias) = (config.HiddenSize, config.HeadSize, config.HasQueryKeyValueBias);
        var (queries, keys) = (config.HeadCount * size, config.KeyValueHeadCount * size);
        (string Name, int Rows)[] parts = [($"{name}.q_proj", queries), ($"{name}.k_proj", keys), ($"{name}.v_proj", keys)];
        if (config.Variant.QueryKeyNorm != QueryKeyNorm.None)
        {
            var all = config.Variant.QueryKeyNorm == QueryKeyNorm.AllHeads;
            foreach (var (part, rows) in parts)
            {
                map.Linear(part, rows, hidden, bias);
            }

            map.Norm($"{name}.q_norm", all ? queries : size, hasBias: false, NormRole(config))
                .Norm($"{name}.k_norm", all ? keys : size, hasBias: false, NormRole(config));
        }
        else if (config.Variant.FusesInFile)
        {
            map.Linear($"{name}.qkv_proj", queries + (2 * keys), hidden, bias);
        }
        else
        {
            map.Linear($"{name}.qkv_proj", hidden, bias, WeightRole.Matrix, parts);
        }

        map.Linear($"{name}.o_proj", hidden, queries, config.AttentionBias, WeightRole.ResidualMatrix);
    }

    private static void AddMlp(WeightMap map, LlamaConfig config, string name)
    {
        var (hidden, inner) = (config.HiddenSize, config.IntermediateSize);
        (string, int)[] parts = config.Variant.FusesInFile
            ? [($"{name}.gate_up_proj", 2 * inner)]
            : [($"{name}.gate_proj", inner), ($"{name}.up_proj", inner)];
        map.Linear($"{name}.gate_up_proj", hidden, config.MlpBias, WeightRole.Matrix, parts)
            .Linear($"{name}.down_proj", hidden, inner, config.MlpBias, WeightRole.ResidualMatrix);
    }

    private static DecoderBlock Block(int index, LlamaConfig config, ParameterSet parameters, List<RopeParameters> ropes)
    {
        var layer = $"model.layers.{index}";
        var rope = config.RopeOf(index);
        var (attentionNorms, mlpNorms) = (LlamaNames.Attention(config.Variant), LlamaNames.Mlp(config.Variant));
        return new DecoderBlock
        {
            AttentionNorm = OptionalNorm(parameters, config, layer, attentionNorms.Before),
            Attention = new AttentionLayer(index, Projection(config, parameters, $"{layer}.self_attn"), LinearLayer.Of(parameters, $"{layer}.self_attn.o_proj"))
            {
                RotationIndex = rope is null ? null : ropes.IndexOf(rope),
                Options = new AttentionOptions
                {
                    QueryHeads = config.HeadCount,
                    KeyValueHeads = config.KeyValueHeadCount,
                    HeadSize = config.HeadSize,
                    Scale = (float)(config.AttentionMultiplier ?? 1 / Math.Sqrt(config.QueryPreAttentionScalar ?? config.HeadSize)),
                    Window = config.WindowOf(index),
                    SoftCap = (float)(config.AttentionSoftCap ?? 0),
                },
            },
            AttentionOutputNorm = OptionalNorm(parameters, config, layer, attentionNorms.After),
            MlpNorm = OptionalNorm(parameters, config, layer, mlpNorms.Before),
            Mlp = new FeedForwardLayer(
                LinearLayer.Of(parameters, $"{layer}.mlp.gate_up_proj"), LinearLayer.Of(parameters, $"{layer}.mlp.down_proj"),
                Activations.Parse(config.Activation), isGated: true),
            MlpOutputNorm = OptionalNorm(parameters, config, layer, mlpNorms.After),
            ResidualFactor = (float)config.ResidualMultiplier,
        };
    }

    private static HeadProjection Projection(LlamaConfig config, ParameterSet parameters, string name) =>
        config.Variant.QueryKeyNorm == QueryKeyNorm.None
            ? new FusedProjection(
                LinearLayer.Of(parameters, $"{name}.qkv_proj"), ProjectionLayout.Stacked(config.HeadCount, config.KeyValueHeadCount, config.HeadSize))
            : new NormedProjection(
                LinearLayer.Of(parameters, $"{name}.q_proj"), Norm(parameters, config, $"{name}.q_norm"),
                LinearLayer.Of(parameters, $"{name}.k_proj"), Norm(parameters, config, $"{name}.k_norm"),
                LinearLayer.Of(parameters, $"{name}.v_proj"), config.HeadSize);

    private static RmsNormLayer? OptionalNorm(ParameterSet parameters, LlamaConfig config, string layer, string? name) =>
        name is null ? null : Norm(parameters, config, $"{layer}.{name}");

    private static RmsNormLayer Norm(ParameterSet parameters, LlamaConfig config, string name) =>
        RmsNormLayer.Of(parameters, name, config.NormEpsilon, config.Variant.IsGemma ? 1 : 0);

    private static WeightRole NormRole(LlamaConfig config) => config.Variant.IsGemma ? WeightRole.NormOffset : WeightRole.NormWeight;
}
