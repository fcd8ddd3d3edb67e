using System.Text.Json.Nodes;
using Transfuse.Checkpoints.Safetensors;
using Transfuse.Cli.Output;

namespace Transfuse.Cli.Commands.Inspection;

/// <summary>Element types, numbers and bytes of tensors.</summary>
internal static class TensorSummary
{
    /// <summary>Adds them to a card.</summary>
    internal static Card Tensors(this Card card, IReadOnlyList<SafetensorsEntry> entries)
    {
        var types = entries.GroupBy(entry => entry.Type).OrderBy(type => type.Key).ToArray();
        card.Json["dtypes"] = new JsonObject(types.Select(type => KeyValuePair.Create(type.Key.ToString(), (JsonNode?)type.Count())));
        return card
            .Count("tensors", "tensors", entries.Count)
            .Line("dtypes", types.Length == 0 ? "none" : string.Join(", ", types.Select(type => $"{type.Key} ({ProgressText.Number(type.Count())})")))
            .Bytes("bytes", "bytes", entries.Sum(entry => entry.ByteCount));
    }
}
