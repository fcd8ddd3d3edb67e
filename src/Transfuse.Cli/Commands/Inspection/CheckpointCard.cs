using System.Globalization;
using System.Text.Json.Nodes;
using Transfuse.Checkpoints;
using Transfuse.Checkpoints.Safetensors;
using Transfuse.Cli.Output;
using Transfuse.Models;
using Transfuse.Tensors.Devices;

namespace Transfuse.Cli.Commands.Inspection;

/// <summary>A model folder: its shape, its weights, its tokenizer, and the memory that it asks for.</summary>
internal static class CheckpointCard
{
    internal static Card Of(string folder, Device device)
    {
        var config = ModelConfig.Load(folder);
        var parameters = PretrainedModel.CountParameters(config);
        var card = new Card("checkpoint")
            .Fact("architecture", "architecture", config.ModelType)
            .Count("parameters", "parameters", parameters)
            .Count("layers", "layers", config.LayerCount)
            .Count("hidden size", "hidden_size", config.HiddenSize)
            .Count("feed-forward size", "intermediate_size", config.IntermediateSize);
        card.Json["heads"] = config.HeadCount;
        card.Json["key_value_heads"] = config.KeyValueHeadCount;
        card.Json["head_size"] = config.HeadSize;
        card.Line("heads", string.Create(CultureInfo.InvariantCulture, $"{config.HeadCount} of {config.HeadSize}, {config.KeyValueHeadCount} for keys and values"));
        card.Count("context", "context", config.MaxPositions).Count("vocabulary", "vocabulary", config.VocabularySize);
        card.Json["tied_embeddings"] = config.TiesEmbeddings;
        card.Line("head", config.TiesEmbeddings ? "tied to the embedding" : "of its own");
        var bytes = AddWeights(card, folder);
        AddTokenizer(card, folder);
        return card.Memory(config, bytes, device);
    }

    private static long AddWeights(Card card, string folder)
    {
        using var checkpoint = SafetensorsCheckpoint.Open(folder);
        SafetensorsEntry[] entries = [.. checkpoint.Names.Select(name => checkpoint.TryFind(name, out _, out var entry) ? entry : null).OfType<SafetensorsEntry>()];
        card.Tensors(entries);
        return entries.Sum(entry => entry.ByteCount);
    }

    private static void AddTokenizer(Card card, string folder)
    {
        if (!File.Exists(Path.Combine(folder, TokenizerCard.FileName)))
        {
            card.Json["tokenizer"] = null;
            card.Line("tokenizer", $"none ({TokenizerCard.FileName} is missing)");
            return;
        }

        var (tokenizer, kind) = TokenizerCard.Load(folder);
        card.Json["tokenizer"] = new JsonObject { ["algorithm"] = kind, ["vocabulary"] = tokenizer.VocabularySize };
        card.Line("tokenizer", $"{kind}, {ProgressText.Number(tokenizer.VocabularySize)} tokens");
    }
}
