using System.Globalization;
using System.Text.Json.Nodes;
using Transfuse.Checkpoints.Gguf;
using Transfuse.Cli.Output;
using Transfuse.Errors;
using Transfuse.Models;
using Transfuse.Tensors.Devices;

namespace Transfuse.Cli.Commands.Inspection;

/// <summary>A GGUF model, by its header alone: architecture, sizes, types, tokenizer, memory.</summary>
internal static class GgufCard
{
    internal static Card Of(string path, Device device)
    {
        using var checkpoint = GgufCheckpoint.Open(path);
        var metadata = checkpoint.Metadata;
        var architecture = metadata.Text("general.architecture");
        var entries = checkpoint.Entries.ToList();
        var parameters = entries.Sum(entry => entry.ElementCount);
        var card = new Card("gguf")
            .Fact("architecture", "architecture", architecture)
            .Fact("name", "name", metadata.Text("general.name"))
            .Count("version", "version", checkpoint.Files[0].Version)
            .Count("files", "files", checkpoint.Files.Count)
            .Count("parameters", "parameters", parameters);
        AddSize(card, metadata, "layers", "layers", $"{architecture}.block_count");
        AddSize(card, metadata, "hidden size", "hidden_size", $"{architecture}.embedding_length");
        AddSize(card, metadata, "feed-forward size", "intermediate_size", $"{architecture}.feed_forward_length");
        AddSize(card, metadata, "heads", "heads", $"{architecture}.attention.head_count");
        AddSize(card, metadata, "key and value heads", "key_value_heads", $"{architecture}.attention.head_count_kv");
        AddSize(card, metadata, "context", "context", $"{architecture}.context_length");
        card.Count("vocabulary", "vocabulary", checkpoint.TryFind("token_embd.weight", out _, out var embedding) ? embedding.Rows : metadata.Texts("tokenizer.ggml.tokens")?.Length ?? 0);
        AddTokenizer(card, metadata);
        AddTypes(card, entries);
        try
        {
            return card.Memory(PretrainedModel.ReadConfig(checkpoint), entries.Sum(entry => entry.ByteCount), device);
        }
        catch (ModelFormatException exception)
        {
            // A file that cannot be run, such as a vocabulary alone, is described all the same.
            card.Json["memory_bytes"] = null;
            return card.Line("memory", $"not known: {exception.Message}");
        }
    }

    // A few architectures have a list, one size a layer; the largest is shown.
    private static void AddSize(Card card, GgufMetadata metadata, string label, string key, string name)
    {
        if (metadata.Find(name) is Array)
        {
            card.Count(label, key, metadata.Int32s(name)?.DefaultIfEmpty().Max() ?? 0);
        }
        else if (metadata.Int32(name) is { } value)
        {
            card.Count(label, key, value);
        }
    }

    private static void AddTokenizer(Card card, GgufMetadata metadata)
    {
        if (metadata.Text("tokenizer.ggml.model") is not { } model || metadata.Texts("tokenizer.ggml.tokens") is not { } tokens)
        {
            card.Json["tokenizer"] = null;
            card.Line("tokenizer", "none");
            return;
        }

        var pre = metadata.Text("tokenizer.ggml.pre");
        card.Json["tokenizer"] = new JsonObject { ["model"] = model, ["pre"] = pre, ["vocabulary"] = tokens.Length };
        card.Line("tokenizer", $"{model}{(pre is null ? "" : $" ({pre})")}, {ProgressText.Number(tokens.Length)} tokens{(metadata.Has("tokenizer.chat_template") ? ", chat template" : "")}");
    }

    private static void AddTypes(Card card, List<GgufEntry> entries)
    {
        var bytes = entries.Sum(entry => entry.ByteCount);
        var types = entries.GroupBy(entry => entry.Type).OrderByDescending(type => type.Sum(entry => entry.ByteCount)).ToList();
        card.Json["dtypes"] = new JsonObject(types.Select(type => KeyValuePair.Create(type.Key.ToString(), (JsonNode?)type.Count())));
        card.Count("tensors", "tensors", entries.Count)
            .Line("dtypes", types.Count == 0 ? "none" : string.Join(", ", types.Select(type => string.Create(
                CultureInfo.InvariantCulture,
                $"{type.Key} ({ProgressText.Number(type.Count())}, {100.0 * type.Sum(entry => entry.ByteCount) / Math.Max(1, bytes):0.#} % of the bytes)"))))
            .Bytes("bytes", "bytes", bytes);
    }
}
