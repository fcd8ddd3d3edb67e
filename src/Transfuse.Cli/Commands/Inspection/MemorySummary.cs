using System.Text.Json.Nodes;
using Transfuse.Checkpoints;
using Transfuse.Cli.Output;
using Transfuse.Models;
using Transfuse.Tensors.Devices;
using Transfuse.Tensors.Optimizers;
using Transfuse.Tensors.Random;
using Transfuse.Training;

namespace Transfuse.Cli.Commands.Inspection;

/// <summary>The memory that a model asks for, by rehearsal of the work, whatever the form of its file.</summary>
internal static class MemorySummary
{
    // Tokens of a batch that estimates are made for; that of recipes.
    private const int BatchTokens = 4096;

    /// <summary>Adds it to a card.</summary>
    /// <param name="card">The card.</param>
    /// <param name="config">Shape of the model.</param>
    /// <param name="storedBytes">Bytes of the weights in the file, which they keep where a verb only reads with them.</param>
    /// <param name="device">The device to estimate for.</param>
    internal static Card Memory(this Card card, ModelConfig config, long storedBytes, Device device)
    {
        var estimator = new MemoryEstimator(device);
        var length = Math.Min(BatchTokens, config.MaxPositions);
        // T5 is widened as a whole, GPT-2's matrices are, since they are transposed.
        var saved = config is T5Config or Gpt2Config ? 0 : Math.Max(0, (sizeof(float) * PretrainedModel.CountParameters(config)) - storedBytes);
        var json = new JsonObject { ["batch_tokens"] = BatchTokens, ["length"] = length };
        card.Json["memory_bytes"] = json;
        if (config is T5Config pairs)
        {
            // No recipe trains them.
            EncoderDecoderModel MakePairs(Device rehearsal) => PretrainedModel.CreateEncoderDecoder(pairs, rehearsal, new RandomStream(0, "weights"));
            return card.Reading(json, estimator.OfScoring(MakePairs, BatchTokens, length), estimator.OfGenerating(MakePairs, length), saved, length);
        }

        LanguageModel Make(Device rehearsal) => PretrainedModel.Create(config, rehearsal, new RandomStream(0, "weights"));
        var options = new TrainingOptions { Steps = 1, Schedule = new LearningRateSchedule { Peak = 0, Steps = 1 } };
        card.Reading(json, estimator.OfScoring(Make, BatchTokens, length), estimator.OfGenerating(Make, length), saved, length);
        var train = estimator.OfTraining(Make, options, BatchTokens, length);
        var recomputed = estimator.OfTraining(Make, options with { Recompute = true }, BatchTokens, length);
        json["train"] = train.Peak;
        json["train_recompute"] = recomputed.Peak;
        json["cache_per_token"] = 2L * sizeof(float) * config.LayerCount * config.KeyValueHeadCount * config.HeadSize;
        return card.Line(
            "memory to train", $"{ProgressText.Bytes(train.Peak)} with batches of {ProgressText.Number(BatchTokens)} tokens, {ProgressText.Bytes(recomputed.Peak)} with recompute: true");
    }

    private static Card Reading(this Card card, JsonObject json, MemoryEstimate score, MemoryEstimate generate, long saved, int length)
    {
        json["score"] = score.Peak;
        json["score_as_stored"] = score.Peak - saved;
        json["generate"] = generate.Peak;
        json["generate_as_stored"] = generate.Peak - saved;
        return card
            .Line("memory to score", $"{Text(score)}, batches of {ProgressText.Number(BatchTokens)} tokens")
            .Line("memory to generate", $"{Text(generate)}, {ProgressText.Number(length)} tokens");

        string Text(MemoryEstimate estimate) =>
            $"{(saved > 0 ? $"{ProgressText.Bytes(estimate.Peak - saved)} with weights as stored, " : "")}{ProgressText.Bytes(estimate.Peak)} in float32";
    }
}
