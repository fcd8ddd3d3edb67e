using System.Globalization;
using Transfuse.Errors;

namespace Transfuse.Checkpoints.Gguf;

/// <summary>A model in GGUF: one file, or the parts <c>name-00001-of-0000N.gguf</c> that it was split into. The first part has the keys.</summary>
public sealed class GgufCheckpoint : IDisposable
{
    private const int MaximumParts = 9999;
    private const string CountKey = "split.count";
    private readonly TensorFiles<GgufFile, GgufEntry> _files = new();

    private GgufCheckpoint(string path)
    {
        Path = path;
    }

    /// <summary>The file, or the first of its parts.</summary>
    public string Path { get; }

    /// <summary>The keys of the first part.</summary>
    public GgufMetadata Metadata => _files.Files[0].Metadata;

    /// <summary>The parts.</summary>
    public IReadOnlyList<GgufFile> Files => _files.Files;

    /// <summary>All tensors, in the order of the files.</summary>
    public IEnumerable<GgufEntry> Entries => Files.SelectMany(file => file.Entries);

    /// <summary>
    /// The GGUF file that a path means: itself, or, for a folder without <c>config.json</c>, the only one in it (or the first part of the
    /// only one). Null if the path means something else.
    /// </summary>
    /// <exception cref="ModelFormatException">The folder holds several models.</exception>
    public static string? FindFile(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        if (File.Exists(path))
        {
            return path.EndsWith(GgufFile.Extension, StringComparison.OrdinalIgnoreCase) ? path : null;
        }

        if (!Directory.Exists(path) || File.Exists(System.IO.Path.Combine(path, ModelConfig.FileName)))
        {
            return null;
        }

        string[] files = [.. Directory.GetFiles(path, "*" + GgufFile.Extension).Where(file => PartOf(file) is null or (1, _)).Order(StringComparer.Ordinal)];
        return files.Length <= 1
            ? files.FirstOrDefault()
            : throw new ModelFormatException(
                path, $"holds {files.Length} GGUF models ({string.Join(", ", files.Take(4).Select(System.IO.Path.GetFileName))}…); name one of the files.");
    }

    /// <summary>Opens a file and, if it is one of several parts, all of them.</summary>
    /// <exception cref="ModelFormatException">A part is missing or does not hold what the format promises.</exception>
    public static GgufCheckpoint Open(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        var part = PartOf(path);
        return CheckpointFile.Opened(new GgufCheckpoint(part is null ? path : NameOfPart(path, 1)), checkpoint => checkpoint.OpenFiles(part));
    }

    /// <summary>A tensor and the file it lies in; false if there is none of this name.</summary>
    public bool TryFind(string name, out GgufFile file, out GgufEntry entry) => _files.TryFind(name, out file, out entry);

    /// <summary>Closes all files.</summary>
    public void Dispose() => _files.Dispose();

    private void OpenFiles((int Number, int Count)? part)
    {
        Add(GgufFile.Open(Path));
        var count = Metadata.Int32(CountKey, 0, MaximumParts) ?? 0;
        if (count <= 1)
        {
            return;
        }

        if (part is not { } named || named.Count != count)
        {
            throw new ModelFormatException(
                Path, $"is one of {count} parts; they must lie together and be named …-00001-of-{count:D5}{GgufFile.Extension}.");
        }

        for (var number = 2; number <= count; number++)
        {
            Add(GgufFile.Open(NameOfPart(Path, number)));
        }
    }

    private void Add(GgufFile file)
    {
        _files.Add(file);
        foreach (var entry in file.Entries)
        {
            if (!_files.TryAdd(entry.Name, file, entry))
            {
                throw new ModelFormatException(file.Path, $"has the tensor '{entry.Name}', which another part has, too. The parts are of different models.");
            }
        }
    }

    // name-00002-of-00005.gguf
    private static (int Number, int Count)? PartOf(string path)
    {
        var name = System.IO.Path.GetFileNameWithoutExtension(path.AsSpan());
        return name.Length > 15 && name[^15] == '-' && name[^9..^5] is "-of-"
            && int.TryParse(name[^14..^9], NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && int.TryParse(name[^5..], NumberStyles.None, CultureInfo.InvariantCulture, out var count)
            ? (number, count)
            : null;
    }

    private static string NameOfPart(string path, int number) => string.Create(
        CultureInfo.InvariantCulture, $"{path.AsSpan(0, path.Length - GgufFile.Extension.Length - 14)}{number:D5}{path.AsSpan(path.Length - GgufFile.Extension.Length - 9)}");
}
