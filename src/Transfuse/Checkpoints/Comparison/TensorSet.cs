using Transfuse.Checkpoints.Gguf;
using Transfuse.Checkpoints.Safetensors;

namespace Transfuse.Checkpoints.Comparison;

/// <summary>The tensors of a checkpoint in any form that is read: Hugging Face folder, safetensors file, GGUF. Only headers are read at once.</summary>
public sealed class TensorSet : IDisposable
{
    private const string Pattern = "*.safetensors";
    private readonly IDisposable _files;

    private TensorSet(IDisposable files, IEnumerable<StoredTensor> tensors)
    {
        _files = files;
        Tensors = tensors.ToDictionary(tensor => tensor.Name, StringComparer.Ordinal);
    }

    /// <summary>Tensors by Hugging Face name; a head that a GGUF file repeats, since it is tied to the embedding, is not among them.</summary>
    public IReadOnlyDictionary<string, StoredTensor> Tensors { get; }

    /// <summary>Opens a checkpoint.</summary>
    /// <param name="path">
    /// A folder with <c>model.safetensors</c>, its shards, one GGUF model or a single safetensors file of another name (an adapter's); or a
    /// <c>.gguf</c> or safetensors file.
    /// </param>
    /// <exception cref="Errors.ModelFormatException">There are no weights, or a file does not hold what its format promises.</exception>
    public static TensorSet Open(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        if (GgufCheckpoint.FindFile(path) is { } gguf)
        {
            var model = GgufModel.Open(gguf);
            return new TensorSet(model, model.Tensors.Values.Select(tensor => new StoredTensor(tensor)));
        }

        if ((File.Exists(path) ? path : OnlyFile(path)) is { } single)
        {
            var file = SafetensorsFile.Open(single);
            return new TensorSet(file, file.Entries.Select(entry => new StoredTensor(file, entry)));
        }

        var checkpoint = SafetensorsCheckpoint.Open(path);
        return new TensorSet(checkpoint, checkpoint.Names.Select(name =>
        {
            checkpoint.TryFind(name, out var file, out var entry);
            return new StoredTensor(file, entry);
        }));
    }

    /// <summary>Closes all files.</summary>
    public void Dispose() => _files.Dispose();

    private static string? OnlyFile(string folder) =>
        Directory.Exists(folder) && !File.Exists(Path.Combine(folder, SafetensorsCheckpoint.IndexFileName)) && Directory.GetFiles(folder, Pattern) is [var single]
            ? single
            : null;
}
