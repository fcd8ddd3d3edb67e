using System.Runtime.InteropServices;
using Transfuse.Checkpoints;
using Transfuse.Models;
using Transfuse.Tensors.Devices;
using Transfuse.Tensors.Random;
using Transfuse.Training;

namespace Transfuse.Benchmarks.Training;

/// <summary>A Llama that the reference script in PyTorch trains too, from the same files: weights <c>w_NAME.bin</c>, tokens <c>t_NAME.bin</c>.</summary>
/// <param name="Name">Name of the configuration.</param>
/// <param name="Config">Its shape.</param>
/// <param name="Sequences">Sequences of a batch.</param>
/// <param name="Length">Tokens of a sequence.</param>
internal sealed record ReferenceModel(string Name, LlamaConfig Config, int Sequences, int Length)
{
    /// <summary>Tokens of a batch.</summary>
    internal int BatchTokens => Sequences * Length;

    /// <summary>Configuration A (15 M parameters, vocabulary 32,000) or B (30 M, 8,192).</summary>
    internal static ReferenceModel Named(string name) => name switch
    {
        "A" => new(name, Shape(hidden: 288, layers: 6, heads: 6, intermediate: 768, vocabulary: 32000, positions: 256), 16, 256),
        "B" => new(name, Shape(hidden: 512, layers: 8, heads: 8, intermediate: 1376, vocabulary: 8192, positions: 512), 8, 512),
        _ => throw new ArgumentException($"There is no configuration {name}: A or B.", nameof(name)),
    };

    /// <summary>The model with the weights of <paramref name="folder"/>; the caller disposes it.</summary>
    internal LanguageModel Load(Device device, string folder)
    {
        var model = PretrainedModel.Create(Config, device, new RandomStream(0, "unused"));
        using var file = File.OpenRead(Path.Combine(folder, $"w_{Name}.bin"));
        foreach (var parameter in model.Parameters)
        {
            file.ReadExactly(MemoryMarshal.AsBytes(parameter.Value.AsSpan()));
        }

        return file.Position == file.Length ? model : throw new InvalidDataException($"{file.Name} has more weights than the model.");
    }

    /// <summary>The batches of <paramref name="folder"/>.</summary>
    internal TrainingBatch[] Batches(string folder)
    {
        var all = MemoryMarshal.Cast<byte, int>(File.ReadAllBytes(Path.Combine(folder, $"t_{Name}.bin"))).ToArray();
        return [.. all.Chunk(Sequences * (Length + 1)).Select(Batch)];
    }

    private static LlamaConfig Shape(int hidden, int layers, int heads, int intermediate, int vocabulary, int positions) => new()
    {
        HiddenSize = hidden,
        LayerCount = layers,
        HeadCount = heads,
        IntermediateSize = intermediate,
        VocabularySize = vocabulary,
        MaxPositions = positions,
        NormEpsilon = 1e-5,
        TiesEmbeddings = true,
    };

    private TrainingBatch Batch(int[] sequences)
    {
        var rows = sequences.Chunk(Length + 1).ToArray();
        int[] ids = [.. rows.SelectMany(row => row[..^1])];
        int[] labels = [.. rows.SelectMany(row => row[1..])];
        return new TrainingBatch(TokenBatch.FromLengths(ids, [.. rows.Select(_ => Length)]), labels);
    }
}
