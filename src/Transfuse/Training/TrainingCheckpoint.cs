using System.Text.Json;
using Transfuse.Artifacts;
using Transfuse.Checkpoints.Safetensors;
using Transfuse.Errors;
using Transfuse.Models;
using Transfuse.Tensors;
using Transfuse.Tensors.Optimizers;

namespace Transfuse.Training;

/// <summary>
/// Everything that training needs to go on as if it had never stopped: weights, AdamW moments, the best weights so far and the state.
/// A folder with <c>state.safetensors</c> and <c>trainer.json</c> that appears under its name only when complete.
/// </summary>
internal static class TrainingCheckpoint
{
    private const string TensorFile = "state.safetensors";
    private const string StateFile = "trainer.json";
    private const int FormatVersion = 1;

    internal static void Save(string folder, LanguageModel model, AdamWOptimizer optimizer, BestWeights best, TrainerState state)
    {
        var partial = folder + AtomicFile.PartialSuffix;
        if (Directory.Exists(partial))
        {
            Directory.Delete(partial, recursive: true);
        }

        Directory.CreateDirectory(partial);
        SaveTensors(Path.Combine(partial, TensorFile), model, optimizer, best);
        AtomicFile.Write(Path.Combine(partial, StateFile), stream => WriteState(stream, state, optimizer.StepCount));
        Directory.Move(partial, folder);
    }

    internal static TrainerState Load(string folder, LanguageModel model, AdamWOptimizer optimizer, BestWeights best)
    {
        var (state, optimizerSteps) = ReadState(Path.Combine(folder, StateFile));
        using var file = SafetensorsFile.Open(Path.Combine(folder, TensorFile));
        foreach (var parameter in model.TrainedParameters)
        {
            Read(file, $"weight.{parameter.Name}", parameter.Value);
            var name = $"best.{parameter.Name}";
            if (file.Find(name) is { } entry)
            {
                var values = new float[parameter.Value.Length];
                file.ReadSingles(entry, 0, values);
                best.Set(parameter.Name, values);
            }
        }

        foreach (var (name, first, second) in optimizer.Moments)
        {
            Read(file, $"first.{name}", first);
            Read(file, $"second.{name}", second);
        }

        optimizer.StepCount = optimizerSteps;
        return state;
    }

    private static void SaveTensors(string path, LanguageModel model, AdamWOptimizer optimizer, BestWeights best)
    {
        var tensors = new List<(string Name, Tensor Value)>();
        tensors.AddRange(model.TrainedParameters.Select(parameter => ($"weight.{parameter.Name}", parameter.Value)));
        foreach (var (name, first, second) in optimizer.Moments)
        {
            tensors.Add(($"first.{name}", first));
            tensors.Add(($"second.{name}", second));
        }

        var announced = tensors.Select(tensor => Announce(tensor.Name, tensor.Value.Shape))
            .Concat(best.Copies.Select(copy => new SafetensorsTensor($"best.{copy.Key}", SafetensorsType.F32, [copy.Value.Length])));
        using var writer = new SafetensorsWriter(path, announced);
        foreach (var (name, value) in tensors)
        {
            for (var row = 0; row < value.Rows; row++)
            {
                writer.Write(name, value.Row(row));
            }
        }

        foreach (var (name, values) in best.Copies)
        {
            writer.Write($"best.{name}", values);
        }

        writer.Complete();
    }

    private static SafetensorsTensor Announce(string name, Shape shape) =>
        new(name, SafetensorsType.F32, [.. Enumerable.Range(0, shape.Rank).Select(axis => shape[axis])]);

    private static void Read(SafetensorsFile file, string name, Tensor destination)
    {
        var entry = file.Get(name);
        if (!entry.HasShape(destination.Shape))
        {
            throw new ArtifactException(file.Path, $"tensor '{name}' is {entry.ShapeText}, this model has {destination.Shape}. The checkpoint is of another model; remove its folder to train anew.");
        }

        file.ReadSingles(entry, 0, destination);
    }

    private static void WriteState(Stream stream, TrainerState state, int optimizerSteps)
    {
        using var writer = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true });
        writer.WriteStartObject();
        writer.WriteNumber("version", FormatVersion);
        writer.WriteNumber("step", state.Step);
        writer.WriteNumber("optimizer_steps", optimizerSteps);
        writer.WriteNumber("best_step", state.BestStep);
        if (double.IsFinite(state.BestLoss))
        {
            writer.WriteNumber("best_loss", state.BestLoss);
        }

        writer.WriteNumber("stale", state.Stale);
        writer.WriteNumber("predicted_tokens", state.PredictedTokens);
        writer.WriteBoolean("stopped", state.Stopped);
        writer.WriteEndObject();
    }

    private static (TrainerState State, int OptimizerSteps) ReadState(string path)
    {
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(path));
            var root = document.RootElement;
            if (root.GetProperty("version").GetInt32() != FormatVersion)
            {
                throw new ArtifactException(path, $"has version {root.GetProperty("version")}, expected {FormatVersion}. It was written by another version of the tool.");
            }

            var bestLoss = root.TryGetProperty("best_loss", out var best) ? best.GetDouble() : double.PositiveInfinity;
            var state = new TrainerState(
                root.GetProperty("step").GetInt32(),
                root.GetProperty("best_step").GetInt32(),
                bestLoss,
                root.GetProperty("stale").GetInt32(),
                root.GetProperty("predicted_tokens").GetInt64(),
                root.GetProperty("stopped").GetBoolean());
            return (state, root.GetProperty("optimizer_steps").GetInt32());
        }
        catch (Exception exception) when (exception is IOException or JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new ArtifactException(path, $"is no training state ({exception.Message}). Remove the checkpoint's folder to continue from the one before.", exception);
        }
    }
}
