using System.Text.Json.Nodes;
using Transfuse.Checkpoints.Safetensors;
using Transfuse.Cli.Output;

namespace Transfuse.Cli.Commands.Inspection;

/// <summary>A <c>.safetensors</c> file: its metadata and every tensor.</summary>
internal static class SafetensorsCard
{
    internal static Card Of(string path)
    {
        using var file = SafetensorsFile.Open(path);
        var table = new TextTable("tensor", "dtype", "shape", "bytes#");
        foreach (var entry in file.Entries)
        {
            table.Row(entry.Name, entry.Type.ToString(), entry.ShapeText, ProgressText.Number(entry.ByteCount));
        }

        var card = new Card("safetensors") { Table = table }.Tensors(file.Entries);
        card.Json["metadata"] = new JsonObject(file.Metadata.Select(item => KeyValuePair.Create(item.Key, (JsonNode?)item.Value)));
        foreach (var (key, value) in file.Metadata)
        {
            card.Line($"metadata {key}", value);
        }

        card.Json["entries"] = new JsonArray([.. file.Entries.Select(entry => (JsonNode)new JsonObject
        {
            ["name"] = entry.Name,
            ["dtype"] = entry.Type.ToString(),
            ["shape"] = new JsonArray([.. entry.Dimensions.Select(size => (JsonNode)size)]),
            ["bytes"] = entry.ByteCount,
        })]);
        return card;
    }
}
