using System.Globalization;
using System.Text.Json.Nodes;
using Transfuse.Checkpoints;
using Transfuse.Checkpoints.Safetensors;
using Transfuse.Cli.Output;
using Transfuse.Models;
using Transfuse.Tensors.Devices;
using Transfuse.Tensors.Optimizers;
using Transfuse.Tensors.Random;
using Transfuse.Training;

namespace Transfuse.Cli.Commands.Inspection;

/// <summary>A model folder: its shape, its weights, its tokenizer, and the memory that it asks for.</summary>
internal static class CheckpointCard
{
    // Tokens of a batch that estimates are made for; that of recipes.
    private const int BatchTokens = 4096;

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
        AddWeights(card, folder);
        AddTokenizer(card, folder);
        return config is T5Config ? card : AddMemory(card, config, device);
    }

    private static void AddWeights(Card card, string folder)
    {
        using var checkpoint = SafetensorsCheckpoint.Open(folder);
        card.Tensors([.. checkpoint.Names.Select(name => checkpoint.TryFind(name, out _, out var entry) ? entry : null).OfType<SafetensorsEntry>()]);
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

    private static Card AddMemory(Card card, ModelConfig config, Device device)
    {
        var estimator = new MemoryEstimator(device);
        var length = Math.Min(BatchTokens, config.MaxPositions);
        LanguageModel Make(Device rehearsal) => PretrainedModel.Create(config, rehearsal, new RandomStream(0, "weights"));
        var options = new TrainingOptions { Steps = 1, Schedule = new LearningRateSchedule { Peak = 0, Steps = 1 } };
        var score = estimator.OfScoring(Make, BatchTokens, length);
        var generate = estimator.OfGenerating(Make, length);
        var train = estimator.OfTraining(Make, options, BatchTokens, length);
        var recomputed = estimator.OfTraining(Make, options with { Recompute = true }, BatchTokens, length);
        card.Json["memory_bytes"] = new JsonObject
        {
            ["batch_tokens"] = BatchTokens,
            ["length"] = length,
            ["score"] = score.Peak,
            ["generate"] = generate.Peak,
            ["train"] = train.Peak,
            ["train_recompute"] = recomputed.Peak,
            ["cache_per_token"] = 2L * sizeof(float) * config.LayerCount * config.KeyValueHeadCount * config.HeadSize,
        };
        return card
            .Line("memory to score", $"{ProgressText.Bytes(score.Peak)} in float32, batches of {ProgressText.Number(BatchTokens)} tokens")
            .Line("memory to generate", $"{ProgressText.Bytes(generate.Peak)} for {ProgressText.Number(length)} tokens")
            .Line("memory to train", $"{ProgressText.Bytes(train.Peak)} with batches of {ProgressText.Number(BatchTokens)} tokens, {ProgressText.Bytes(recomputed.Peak)} with recompute: true");
    }
}
