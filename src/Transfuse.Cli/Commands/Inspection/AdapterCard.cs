using System.Globalization;
using System.Text.Json.Nodes;
using Transfuse.Adapters;
using Transfuse.Checkpoints.Safetensors;
using Transfuse.Models;

namespace Transfuse.Cli.Commands.Inspection;

/// <summary>The folder of an adapter: its kind, sizes, targets and tensors.</summary>
internal static class AdapterCard
{
    /// <summary>The card of a folder.</summary>
    internal static Card Of(string folder)
    {
        var config = LoraConfigFile.Load(folder);
        using var file = SafetensorsFile.Open(Path.Combine(folder, ModelAdapters.FileName));
        var card = new Card("adapter")
            .Fact("method", "method", Method(config))
            .Fact("base model", "base_model", config.BaseModel)
            .Count("rank", "rank", config.Rank)
            .Line("alpha", config.Alpha.ToString(CultureInfo.InvariantCulture))
            .Line("targets", config.TargetPattern ?? string.Join(", ", config.TargetModules));
        card.Json["alpha"] = config.Alpha;
        card.Json["targets"] = config.TargetPattern is { } pattern ? pattern : Names(config.TargetModules);
        card.Json["rank_pattern"] = new JsonObject(config.RankPattern.Select(pair => KeyValuePair.Create(pair.Key, (JsonNode?)pair.Value)));
        card.Json["alpha_pattern"] = new JsonObject(config.AlphaPattern.Select(pair => KeyValuePair.Create(pair.Key, (JsonNode?)pair.Value)));
        card.Json["saved_modules"] = Names(config.ModulesToSave);
        if (config.ModulesToSave.Count > 0)
        {
            card.Line("saved modules", string.Join(", ", config.ModulesToSave));
        }

        return card.Count("parameters", "parameters", file.Entries.Sum(entry => entry.ElementCount)).Tensors(file.Entries);
    }

    private static string Method(LoraConfig config) => (config.UsesDora, config.IsRankStabilised) switch
    {
        (true, true) => "DoRA, rank-stabilised",
        (true, false) => "DoRA",
        (false, true) => "LoRA, rank-stabilised",
        _ => "LoRA",
    };

    private static JsonArray Names(IEnumerable<string> names) => new([.. names.Select(name => (JsonNode)name)]);
}
