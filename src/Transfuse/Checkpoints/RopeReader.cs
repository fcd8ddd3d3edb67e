using Transfuse.Errors;

namespace Transfuse.Checkpoints;

/// <summary>
/// Reads rotary positions in every spelling: transformers 5 writes <c>rope_parameters</c>, older files <c>rope_scaling</c> with the base at
/// the top level. Where both stand <c>rope_scaling</c> replaces the other as a whole; <c>rope_type</c> beats <c>type</c>.
/// </summary>
internal static class RopeReader
{
    private const double LargestFactor = 1e6;

    /// <summary>The one set of parameters of a model.</summary>
    /// <param name="config">The top level of the file.</param>
    /// <param name="keys">Its keys at the top level.</param>
    /// <param name="fallback">Values of the architecture's class where the file is silent.</param>
    /// <param name="maxPositions">The window that the file states.</param>
    internal static RopeParameters Read(ConfigReader config, RopeKeys keys, RopeParameters fallback, int maxPositions)
    {
        // Looked at in any case, so that both count as known.
        var (scaling, parameters) = (config.Object("rope_scaling"), config.Object("rope_parameters"));
        return Read(scaling ?? parameters, config, keys, TopLevel(config, keys, fallback), maxPositions);
    }

    /// <summary>
    /// Parameters of full and of sliding layers (Gemma 3): nested by layer type in new files; in old ones <c>rope_scaling</c> is that of the
    /// full layers, and the sliding ones have a base of their own.
    /// </summary>
    internal static (RopeParameters Full, RopeParameters Sliding) ReadByLayerType(
        ConfigReader config, RopeParameters full, RopeParameters sliding, int maxPositions)
    {
        var (scaling, parameters) = (config.Object("rope_scaling"), config.Object("rope_parameters"));
        var local = config.OptionalReal("rope_local_base_freq", 1, 1e12);
        return (
            Read(scaling ?? parameters?.Object("full_attention"), config, RopeKeys.Common, TopLevel(config, RopeKeys.Common, full), maxPositions),
            Read(parameters?.Object("sliding_attention"), config, RopeKeys.Common, sliding with { Theta = local ?? sliding.Theta }, maxPositions));
    }

    private static RopeParameters TopLevel(ConfigReader config, RopeKeys keys, RopeParameters fallback) => fallback with
    {
        Theta = config.OptionalReal(keys.Theta, 1, 1e12) ?? fallback.Theta,
        PartialRotaryFactor = config.OptionalReal(keys.PartialFactor, 0, 1) ?? fallback.PartialRotaryFactor,
        OriginalMaxPositions = config.OptionalInt32(RopeKeys.OriginalMaxPositions, 1) ?? fallback.OriginalMaxPositions,
    };

    private static RopeParameters Read(ConfigReader? rope, ConfigReader config, RopeKeys keys, RopeParameters top, int maxPositions)
    {
        var shared = top with
        {
            Theta = rope?.OptionalReal("rope_theta", 1, 1e12) ?? top.Theta,
            PartialRotaryFactor = rope?.OptionalReal("partial_rotary_factor", 0, 1) ?? top.PartialRotaryFactor,
            OriginalMaxPositions = 0,
        };
        var type = rope?.Text("rope_type", rope.Text("type", RopeParameters.DefaultType)) ?? RopeParameters.DefaultType;
        type = type is RopeParameters.YarnType ? keys.YarnMeans : type;
        if (rope is null || type is RopeParameters.DefaultType)
        {
            return shared;
        }

        var original = top.OriginalMaxPositions > 0 ? top.OriginalMaxPositions : rope.Int32(RopeKeys.OriginalMaxPositions, maxPositions);
        return type switch
        {
            RopeParameters.LinearType => shared with { Type = type, Factor = Factor(rope) },
            RopeParameters.DynamicType => shared with { Type = type, Factor = Factor(rope), OriginalMaxPositions = maxPositions },
            RopeParameters.YarnType => Yarn(rope, shared with { Type = type, Factor = Factor(rope), OriginalMaxPositions = original }),
            RopeParameters.LongRopeType or "su" => LongRope(rope, shared with { Type = RopeParameters.LongRopeType, OriginalMaxPositions = original }, maxPositions),
            RopeParameters.Llama3Type => shared with
            {
                Type = type,
                Factor = Factor(rope),
                LowFrequencyFactor = Required(rope, "low_freq_factor"),
                HighFrequencyFactor = Required(rope, "high_freq_factor"),
                OriginalMaxPositions = original,
            },
            _ => throw new ModelFormatException(
                config.Path,
                $"asks for RoPE scaling of type '{type}', which is not supported; supported: {string.Join(", ", RopeParameters.SupportedTypes)}."),
        };
    }

    private static RopeParameters Yarn(ConfigReader rope, RopeParameters shared) => shared with
    {
        AttentionFactor = rope.OptionalReal("attention_factor", 0, LargestFactor),
        BetaFast = rope.OptionalReal("beta_fast", 1e-6, LargestFactor),
        BetaSlow = rope.OptionalReal("beta_slow", 1e-6, LargestFactor),
        MScale = rope.OptionalReal("mscale", 0, LargestFactor),
        MScaleAllDimensions = rope.OptionalReal("mscale_all_dim", 0, LargestFactor),
        Truncates = rope.Has("truncate") ? rope.Boolean("truncate", true) : null,
    };

    private static RopeParameters LongRope(ConfigReader rope, RopeParameters shared, int maxPositions) => shared with
    {
        Factor = rope.OptionalReal("factor", 1e-3, LargestFactor) ?? (double)maxPositions / shared.OriginalMaxPositions,
        AttentionFactor = rope.OptionalReal("attention_factor", 0, LargestFactor),
        ShortFactors = rope.Reals("short_factor", 1e-6, LargestFactor),
        LongFactors = rope.Reals("long_factor", 1e-6, LargestFactor),
    };

    private static double Factor(ConfigReader rope) => Required(rope, "factor");

    private static double Required(ConfigReader rope, string key) =>
        rope.OptionalReal(key, 1e-3, LargestFactor) ?? throw rope.Wrong(key, "a number from 0.001 to 1000000");
}
