using System.Text.Json;

namespace Transfuse.Checkpoints;

/// <summary>Configuration of the Llama family: every model that <see cref="LlamaVariant"/> lists.</summary>
public sealed record LlamaConfig : ModelConfig
{
    /// <summary>The value of <c>model_type</c> of Llama itself.</summary>
    public const string Type = "llama";

    /// <summary>Which member of the family.</summary>
    public LlamaVariant Variant { get; init; } = LlamaVariant.Llama;

    /// <inheritdoc/>
    public override string ModelType => Variant.ModelType;

    /// <inheritdoc/>
    public override string ArchitectureName => Variant.ArchitectureName;

    /// <summary>Key and value heads; null for as many as query heads.</summary>
    public int? KeyValueHeads { get; init; }

    /// <summary>Elements of a head; null for hidden size / heads.</summary>
    public int? HeadDimension { get; init; }

    /// <inheritdoc/>
    public override int KeyValueHeadCount => KeyValueHeads ?? HeadCount;

    /// <inheritdoc/>
    public override int HeadSize => HeadDimension ?? (HeadCount > 0 ? HiddenSize / HeadCount : 0);

    /// <inheritdoc/>
    public override double NormEpsilon { get; init; } = 1e-6;

    /// <inheritdoc/>
    public override bool TiesEmbeddings { get; init; }

    /// <inheritdoc/>
    public override string Activation { get; init; } = "silu";

    /// <summary>Rotary positions.</summary>
    public RopeParameters Rope { get; init; } = new();

    /// <summary>Rotary positions of layers with a window, where they differ (Gemma 3).</summary>
    public RopeParameters LocalRope { get; init; } = new();

    /// <summary>Whether each layer has rotary positions; empty for all (SmolLM 3).</summary>
    public IReadOnlyList<bool> RopeLayers { get; init; } = [];

    /// <summary>A token sees this many tokens, itself included, in layers with a window; null for all before it.</summary>
    public int? SlidingWindow { get; init; }

    /// <summary>Whether each layer has the window; empty for all.</summary>
    public IReadOnlyList<bool> SlidingLayers { get; init; } = [];

    /// <summary>Whether the four projections of attention have biases.</summary>
    public bool AttentionBias { get; init; }

    /// <summary>Whether the three projections of the feed-forward part have biases.</summary>
    public bool MlpBias { get; init; }

    /// <summary>Scores are divided by the root of this; null for the head size (Gemma 2 and 3).</summary>
    public double? QueryPreAttentionScalar { get; init; }

    /// <summary>Where set, scores become cap·tanh(score/cap) (Gemma 2).</summary>
    public double? AttentionSoftCap { get; init; }

    /// <summary>Where set, logits become cap·tanh(logit/cap) (Gemma 2).</summary>
    public double? FinalSoftCap { get; init; }

    /// <summary>Factor on embeddings (Granite).</summary>
    public double EmbeddingMultiplier { get; init; } = 1;

    /// <summary>Factor on what attention and feed-forward part add (Granite).</summary>
    public double ResidualMultiplier { get; init; } = 1;

    /// <summary>Factor on scores in place of 1/√head size; null for that (Granite).</summary>
    public double? AttentionMultiplier { get; init; }

    /// <summary>Divisor of logits (Granite).</summary>
    public double LogitsDivisor { get; init; } = 1;

    /// <inheritdoc/>
    public override int ContextWindow => Rope.ContextWindow(MaxPositions);

    /// <inheritdoc/>
    public override bool HasOpenWindow => Rope.FollowsLength;

    /// <summary>Whether queries, keys and values have a bias.</summary>
    internal bool HasQueryKeyValueBias => AttentionBias || Variant.BiasesQueryKeyValue;

    private protected override ConfigKeys Keys => LlamaKeys.Of(Variant);

    /// <inheritdoc/>
    public override IEnumerable<string> Problems() =>
    [
        .. base.Problems(),
        .. HeadDimension is null ? CheckHeads(HiddenSize, HeadCount) : [],
        .. Rope.Problems(HeadSize),
        .. Variant.HasLocalRope ? LocalRope.Problems(HeadSize) : [],
        .. CheckLayers("rotary positions", RopeLayers),
        .. CheckLayers("windows", SlidingLayers),
        .. CheckKeys(),
    ];

    /// <inheritdoc/>
    internal override int WindowOf(int layer) => SlidingLayers.Count == 0 || SlidingLayers[layer] ? SlidingWindow ?? 0 : 0;

    /// <summary>Rotary positions of the layer, or null.</summary>
    internal RopeParameters? RopeOf(int layer)
    {
        if (RopeLayers.Count > 0 && !RopeLayers[layer])
        {
            return null;
        }

        return Variant.HasLocalRope && WindowOf(layer) > 0 ? LocalRope : Rope;
    }

    internal static LlamaConfig Read(ConfigReader config, LlamaVariant variant)
    {
        config.Ignore("pretraining_tp", "use_cache");
        var defaults = LlamaDefaults.Of(variant);
        var shared = ReadShared(config, defaults);
        return LlamaKeys.Read(config, shared, defaults);
    }

    private protected override void WriteKeys(Utf8JsonWriter json)
    {
        WriteShape(json);
        LlamaKeys.Write(json, this);
    }

    private IEnumerable<string> CheckLayers(string what, IReadOnlyList<bool> layers)
    {
        if (layers.Count > 0 && layers.Count != LayerCount)
        {
            yield return $"the list of layers with {what} has {layers.Count} entries, but there are {LayerCount} layers";
        }
    }

    /// <summary>Values for which the variant has no key, so that they would be lost in the file.</summary>
    private IEnumerable<string> CheckKeys()
    {
        (string What, bool IsSet)[] values =
        [
            ("a window", SlidingWindow is not null && Variant.Windows == WindowPlacement.Nowhere),
            ("windows in some layers only", SlidingLayers.Count > 0 && Variant.Windows is (WindowPlacement.Nowhere or WindowPlacement.Everywhere)),
            ("layers without rotary positions", RopeLayers.Count > 0 && !Variant.OmitsRope),
            ("biases of attention", AttentionBias && !Variant.HasAttentionBiasKey),
            ("biases of the feed-forward part", MlpBias && !Variant.HasMlpBiasKey),
            ("soft caps", (AttentionSoftCap ?? FinalSoftCap ?? QueryPreAttentionScalar) is not null && !Variant.HasSoftCaps),
            ("multipliers", (EmbeddingMultiplier != 1 || ResidualMultiplier != 1 || LogitsDivisor != 1 || AttentionMultiplier is not null) && !Variant.HasMultipliers),
        ];
        return values.Where(value => value.IsSet).Select(value => $"{value.What}: no {ModelType} model has that");
    }
}
