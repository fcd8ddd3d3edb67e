using System.Text.Json;

namespace Transfuse.Checkpoints;

/// <summary>Writes rotary positions in the spellings of transformers 4 and 5 side by side, so that every reader finds the scaling.</summary>
internal static class RopeWriter
{
    /// <summary>One set of parameters.</summary>
    internal static void Write(Utf8JsonWriter json, RopeKeys keys, RopeParameters rope, int maxPositions, bool writePartial)
    {
        json.WriteReal(keys.Theta, rope.Theta);
        WriteOriginal(json, rope);
        json.WriteStartObject("rope_parameters");
        WriteParameters(json, rope, maxPositions, writePartial);
        json.WriteEndObject();
        WriteScaling(json, rope, maxPositions, writePartial);
    }

    /// <summary>Parameters of full and of sliding layers.</summary>
    internal static void WriteByLayerType(Utf8JsonWriter json, RopeParameters full, RopeParameters sliding, int maxPositions)
    {
        json.WriteReal(RopeKeys.Common.Theta, full.Theta);
        json.WriteReal("rope_local_base_freq", sliding.Theta);
        WriteOriginal(json, full);
        json.WriteStartObject("rope_parameters");
        json.WriteStartObject("full_attention");
        WriteParameters(json, full, maxPositions, writePartial: false);
        json.WriteEndObject();
        json.WriteStartObject("sliding_attention");
        WriteParameters(json, sliding, maxPositions, writePartial: false);
        json.WriteEndObject();
        json.WriteEndObject();
        WriteScaling(json, full, maxPositions, writePartial: false);
    }

    /// <summary>Phi-3's readers look for the original window at the top level.</summary>
    private static void WriteOriginal(Utf8JsonWriter json, RopeParameters rope)
    {
        if (rope.Type is RopeParameters.LongRopeType)
        {
            json.WriteNumber(RopeKeys.OriginalMaxPositions, rope.OriginalMaxPositions);
        }
    }

    private static void WriteParameters(Utf8JsonWriter json, RopeParameters rope, int maxPositions, bool writePartial)
    {
        json.WriteString("rope_type", rope.Type);
        json.WriteReal("rope_theta", rope.Theta);
        if (writePartial)
        {
            json.WriteReal("partial_rotary_factor", rope.PartialRotaryFactor);
        }

        if (rope.Type is RopeParameters.LongRopeType)
        {
            json.WriteNumber(RopeKeys.OriginalMaxPositions, rope.OriginalMaxPositions);
        }

        WriteValues(json, rope, maxPositions);
    }

    private static void WriteScaling(Utf8JsonWriter json, RopeParameters rope, int maxPositions, bool writePartial)
    {
        if (rope.Type is RopeParameters.DefaultType)
        {
            return;
        }

        json.WriteStartObject("rope_scaling");
        json.WriteString("type", rope.Type);
        if (rope.Type is not RopeParameters.LongRopeType)
        {
            // Phi-3's check in transformers 4 allows the type and the two lists and nothing more.
            json.WriteString("rope_type", rope.Type);
            if (writePartial)
            {
                // rope_scaling replaces rope_parameters as a whole in transformers 5, so the rotated share must stand in both.
                json.WriteReal("partial_rotary_factor", rope.PartialRotaryFactor);
            }
        }

        WriteValues(json, rope, maxPositions);
        json.WriteEndObject();
    }

    private static void WriteValues(Utf8JsonWriter json, RopeParameters rope, int maxPositions)
    {
        switch (rope.Type)
        {
            case RopeParameters.LinearType or RopeParameters.DynamicType:
                json.WriteReal("factor", rope.Factor);
                break;
            case RopeParameters.YarnType:
                json.WriteReal("factor", rope.Factor);
                json.WriteNumber(RopeKeys.OriginalMaxPositions, rope.OriginalMaxPositions);
                WriteOptional(json, "attention_factor", rope.AttentionFactor);
                WriteOptional(json, "beta_fast", rope.BetaFast);
                WriteOptional(json, "beta_slow", rope.BetaSlow);
                WriteOptional(json, "mscale", rope.MScale);
                WriteOptional(json, "mscale_all_dim", rope.MScaleAllDimensions);
                if (rope.Truncates is { } truncates)
                {
                    json.WriteBoolean("truncate", truncates);
                }

                break;
            case RopeParameters.LongRopeType:
                // Without the key the factor is the ratio of the windows.
                WriteOptional(json, "factor", rope.Factor == (double)maxPositions / rope.OriginalMaxPositions ? null : rope.Factor);
                WriteOptional(json, "attention_factor", rope.AttentionFactor);
                WriteList(json, "short_factor", rope.ShortFactors);
                WriteList(json, "long_factor", rope.LongFactors);
                break;
            case RopeParameters.Llama3Type:
                json.WriteReal("factor", rope.Factor);
                json.WriteReal("low_freq_factor", rope.LowFrequencyFactor);
                json.WriteReal("high_freq_factor", rope.HighFrequencyFactor);
                json.WriteNumber(RopeKeys.OriginalMaxPositions, rope.OriginalMaxPositions);
                break;
        }
    }

    private static void WriteOptional(Utf8JsonWriter json, string key, double? value)
    {
        if (value is { } number)
        {
            json.WriteReal(key, number);
        }
    }

    private static void WriteList(Utf8JsonWriter json, string key, IReadOnlyList<double> values)
    {
        json.WriteStartArray(key);
        foreach (var value in values)
        {
            json.WriteRawValue(JsonNumbers.Text(value));
        }

        json.WriteEndArray();
    }
}
