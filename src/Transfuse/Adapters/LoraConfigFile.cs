using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Transfuse.Artifacts;
using Transfuse.Checkpoints;
using Transfuse.Errors;

namespace Transfuse.Adapters;

/// <summary>Reads and writes peft's <c>adapter_config.json</c>.</summary>
public static class LoraConfigFile
{
    /// <summary>Name of the file.</summary>
    public const string FileName = "adapter_config.json";

    // Set to anything else than nothing, these change what the adapter computes.
    private static readonly string[] UnsupportedKeys =
    [
        "alora_invocation_tokens", "arrow_config", "exclude_modules", "layer_replication", "layers_pattern", "layers_to_transform",
        "lora_bias", "monteclora_config", "target_parameters", "trainable_token_indices", "use_bdlora", "use_qalora", "velora_config",
    ];

    /// <summary>Reads the file of a folder.</summary>
    /// <exception cref="ModelFormatException">It is missing, no JSON, or no adapter that can be read.</exception>
    public static LoraConfig Load(string folder)
    {
        ArgumentNullException.ThrowIfNull(folder);
        var path = Path.Combine(folder, FileName);
        return JsonInput.ReadFile(path, root => Read(root, path));
    }

    /// <summary>Writes the file so that peft loads it.</summary>
    public static void Save(LoraConfig config, string folder)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(folder);
        using var stream = new MemoryStream();
        var options = new JsonWriterOptions { Indented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
        using (var json = new Utf8JsonWriter(stream, options))
        {
            json.WriteStartObject();
            Write(json, config);
            json.WriteEndObject();
        }

        AtomicFile.Write(Path.Combine(folder, FileName), Encoding.UTF8.GetString(stream.ToArray()) + "\n");
    }

    private static LoraConfig Read(JsonElement root, string path)
    {
        var reader = new ConfigReader(root, path);
        if (reader.Text("peft_type", "") is not "LORA")
        {
            throw reader.Wrong("peft_type", "\"LORA\"; other adapters are not supported");
        }

        if (reader.Text("bias", "none") is not "none")
        {
            throw reader.Wrong("bias", "\"none\"; adapters that train biases are not supported");
        }

        foreach (var key in UnsupportedKeys)
        {
            if (root.TryGetProperty(key, out var value) && IsSet(value))
            {
                throw reader.Wrong(key, "nothing; it is not supported");
            }
        }

        // fan_in_fan_out says that the file's matrices lie transposed (GPT-2), which the model knows by itself.
        reader.Ignore("inference_mode", "task_type", "fan_in_fan_out");
        var config = new LoraConfig
        {
            Rank = reader.Int32("r", 8, 1, 65536),
            Alpha = reader.Real("lora_alpha", 8, -1e9, 1e9),
            RankPattern = Numbers(reader, "rank_pattern").ToDictionary(pair => pair.Key, pair => (int)pair.Value, StringComparer.Ordinal),
            AlphaPattern = Numbers(reader, "alpha_pattern"),
            TargetModules = reader.IsText("target_modules") ? [] : reader.Texts("target_modules") ?? [],
            TargetPattern = reader.IsText("target_modules") ? reader.Text("target_modules", "") : null,
            ModulesToSave = reader.Texts("modules_to_save") ?? [],
            IsRankStabilised = reader.Boolean("use_rslora", false),
            UsesDora = reader.Boolean("use_dora", false),
            BaseModel = reader.Text("base_model_name_or_path", "") is { Length: > 0 } name ? name : null,
        };
        string[] problems = [.. config.Problems()];
        return problems.Length == 0
            ? config with { OtherKeys = reader.UnaskedKeys() }
            : throw new ModelFormatException(path, string.Join("; ", problems) + ".");
    }

    private static bool IsSet(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null or JsonValueKind.False => false,
        JsonValueKind.Array => value.GetArrayLength() > 0,
        JsonValueKind.Object => value.EnumerateObject().Any(),
        _ => true,
    };

    private static Dictionary<string, double> Numbers(ConfigReader reader, string key)
    {
        var patterns = reader.Object(key);
        return patterns is null
            ? new Dictionary<string, double>(StringComparer.Ordinal)
            : patterns.UnaskedKeys().Keys.ToDictionary(
                pattern => pattern, pattern => patterns.OptionalReal(pattern, -1e9, 1e9) ?? throw patterns.Wrong(pattern, "a number"), StringComparer.Ordinal);
    }

    private static void Write(Utf8JsonWriter json, LoraConfig config)
    {
        json.WriteString("peft_type", "LORA");
        json.WriteString("task_type", "CAUSAL_LM");
        json.WriteString("base_model_name_or_path", config.BaseModel);
        json.WriteBoolean("inference_mode", value: true);
        json.WriteString("bias", "none");
        json.WriteBoolean("fan_in_fan_out", value: false);
        json.WriteNumber("r", config.Rank);
        WriteNumber(json, "lora_alpha", config.Alpha);
        json.WriteStartObject("rank_pattern");
        foreach (var (pattern, rank) in config.RankPattern)
        {
            json.WriteNumber(pattern, rank);
        }

        json.WriteEndObject();
        json.WriteStartObject("alpha_pattern");
        foreach (var (pattern, alpha) in config.AlphaPattern)
        {
            WriteNumber(json, pattern, alpha);
        }

        json.WriteEndObject();
        if (config.TargetPattern is { } target)
        {
            json.WriteString("target_modules", target);
        }
        else
        {
            WriteNames(json, "target_modules", config.TargetModules);
        }

        if (config.ModulesToSave.Count > 0)
        {
            WriteNames(json, "modules_to_save", config.ModulesToSave);
        }
        else
        {
            json.WriteNull("modules_to_save");
        }

        json.WriteBoolean("use_rslora", config.IsRankStabilised);
        json.WriteBoolean("use_dora", config.UsesDora);
        foreach (var (key, value) in config.OtherKeys.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            json.WritePropertyName(key);
            json.WriteRawValue(value);
        }
    }

    /// <summary>peft's own files have whole numbers here.</summary>
    private static void WriteNumber(Utf8JsonWriter json, string key, double value)
    {
        if (value == Math.Floor(value))
        {
            json.WriteNumber(key, (long)value);
        }
        else
        {
            json.WriteReal(key, value);
        }
    }

    private static void WriteNames(Utf8JsonWriter json, string key, IReadOnlyList<string> names)
    {
        json.WriteStartArray(key);
        foreach (var name in names)
        {
            json.WriteStringValue(name);
        }

        json.WriteEndArray();
    }
}
