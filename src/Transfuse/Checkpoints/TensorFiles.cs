namespace Transfuse.Checkpoints;

/// <summary>The opened files of a checkpoint, and in which of them each tensor lies.</summary>
/// <typeparam name="TFile">A file.</typeparam>
/// <typeparam name="TEntry">The description of a tensor in it.</typeparam>
internal sealed class TensorFiles<TFile, TEntry> : IDisposable
    where TFile : class, IDisposable
    where TEntry : class
{
    private readonly List<TFile> _files = [];
    private readonly Dictionary<string, (TFile File, TEntry Entry)> _tensors = new(StringComparer.Ordinal);

    /// <summary>The files, in the order in which they were added.</summary>
    internal IReadOnlyList<TFile> Files => _files;

    /// <summary>The tensors by name.</summary>
    internal IReadOnlyDictionary<string, (TFile File, TEntry Entry)> Tensors => _tensors;

    /// <summary>Adds a file, which is closed with the others.</summary>
    internal TFile Add(TFile file)
    {
        _files.Add(file);
        return file;
    }

    /// <summary>Says where a tensor lies; false if one of its name lies elsewhere.</summary>
    internal bool TryAdd(string name, TFile file, TEntry entry) => _tensors.TryAdd(name, (file, entry));

    /// <summary>A tensor and the file it lies in; false if there is none of this name.</summary>
    internal bool TryFind(string name, out TFile file, out TEntry entry)
    {
        var found = _tensors.TryGetValue(name, out var tensor);
        (file, entry) = tensor;
        return found;
    }

    /// <summary>Closes all files.</summary>
    public void Dispose()
    {
        foreach (var file in _files)
        {
            file.Dispose();
        }
    }
}
