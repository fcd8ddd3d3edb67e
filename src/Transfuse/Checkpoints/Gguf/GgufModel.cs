using System.Text.Json.Nodes;
using Transfuse.Errors;

namespace Transfuse.Checkpoints.Gguf;

/// <summary>A model in GGUF, seen as the Hugging Face folder that it stands for: its <c>config.json</c> and its tensors under their names there.</summary>
internal sealed class GgufModel : IDisposable
{
    private const int MostNamed = 8;
    private const int PieceBytes = 1 << 16;
    private static readonly string[] WithoutName = [GgufRope.Divisors, GgufRope.LongDivisors, GgufRope.ShortDivisors];
    private readonly Dictionary<string, GgufTensor> _tensors = new(StringComparer.Ordinal);

    private GgufModel(GgufCheckpoint checkpoint, GgufArchitecture architecture)
    {
        Checkpoint = checkpoint;
        Architecture = architecture;
    }

    /// <summary>The file.</summary>
    internal GgufCheckpoint Checkpoint { get; }

    /// <summary>Which architecture it is of.</summary>
    internal GgufArchitecture Architecture { get; }

    /// <summary>The text of the config.json.</summary>
    internal string ConfigJson { get; private set; } = "";

    /// <summary>The configuration, where the architecture's class is known.</summary>
    internal ModelConfig Config => ModelConfig.Parse(ConfigJson, Checkpoint.Path);

    /// <summary>Tensors by Hugging Face name; a tied head is not among them.</summary>
    internal IReadOnlyDictionary<string, GgufTensor> Tensors => _tensors;

    /// <summary>Opens a file and finds a name for every tensor.</summary>
    /// <exception cref="ModelFormatException">The file is damaged, of an unknown architecture, or has tensors that the architecture has not.</exception>
    internal static GgufModel Open(string path)
    {
        var checkpoint = GgufCheckpoint.Open(path);
        try
        {
            var model = new GgufModel(checkpoint, ArchitectureOf(checkpoint));
            model.Read();
            return model;
        }
        catch
        {
            checkpoint.Dispose();
            throw;
        }
    }

    /// <summary>
    /// The configuration alone. Of a head that may repeat the embedding only the beginning is read, so that a file of any size is described at once.
    /// </summary>
    /// <exception cref="ModelFormatException">The file is damaged or of an unknown architecture.</exception>
    internal static ModelConfig ReadConfig(GgufCheckpoint checkpoint)
    {
        var architecture = ArchitectureOf(checkpoint);
        var isTied = new GgufModel(checkpoint, architecture).IsTied(mostBytes: PieceBytes);
        return ModelConfig.Parse(GgufConfig.Import(architecture, checkpoint, isTied).Json, checkpoint.Path);
    }

    /// <summary>Closes the file.</summary>
    public void Dispose() => Checkpoint.Dispose();

    private static GgufArchitecture ArchitectureOf(GgufCheckpoint checkpoint)
    {
        var name = checkpoint.Metadata.Text("general.architecture");
        return GgufArchitectures.FromName(name) ?? throw new ModelFormatException(
            checkpoint.Path, $"is of architecture '{name}', which is not supported; supported: {string.Join(", ", GgufArchitectures.All.Select(known => known.Name))}.");
    }

    private void Read()
    {
        var isTied = IsTied(long.MaxValue);
        (ConfigJson, var isStored) = GgufConfig.Import(Architecture, Checkpoint, isTied);
        var config = new ConfigTree(JsonNode.Parse(ConfigJson)!.AsObject(), Checkpoint.Path);
        var geometry = GgufGeometry.Of(Architecture, config);
        var used = new HashSet<string>([.. WithoutName, .. Architecture.Ignored], StringComparer.Ordinal);
        foreach (var (gguf, huggingFace, rule) in Architecture.Expand(geometry.Layers, name => Checkpoint.TryFind(name, out _, out _)))
        {
            if (!Checkpoint.TryFind(gguf, out var file, out var entry))
            {
                continue;
            }

            used.Add(gguf);
            if (!isTied || !string.Equals(gguf, GgufArchitecture.Head, StringComparison.Ordinal))
            {
                _tensors.Add(huggingFace, new GgufTensor(file, entry, huggingFace, rule.Order, geometry, isStored ? rule.Factor?.Invoke(config, geometry) ?? 1 : 1));
            }
        }

        string[] unknown = [.. Checkpoint.Entries.Select(entry => entry.Name).Where(name => !used.Contains(name))];
        if (unknown.Length > 0)
        {
            var rest = unknown.Length > MostNamed ? $" and {unknown.Length - MostNamed} more" : "";
            throw new ModelFormatException(
                Checkpoint.Path, $"has tensors that the architecture '{Architecture.Name}' has not: {string.Join(", ", unknown.Take(MostNamed))}{rest}.");
        }
    }

    /// <summary>No head, or one with the embedding's bytes as far as they are read.</summary>
    private bool IsTied(long mostBytes)
    {
        if (!Checkpoint.TryFind(GgufArchitecture.Head, out var headFile, out var head))
        {
            return true;
        }

        if (!Architecture.RepeatsTiedHead || !Checkpoint.TryFind(GgufArchitecture.Embedding, out var embeddingFile, out var embedding)
            || head.Type != embedding.Type || !head.Dimensions.SequenceEqual(embedding.Dimensions))
        {
            return false;
        }

        var (left, right) = (new byte[PieceBytes], new byte[PieceBytes]);
        var bytes = Math.Min(head.ByteCount, mostBytes);
        for (var start = 0L; start < bytes; start += PieceBytes)
        {
            var count = (int)Math.Min(PieceBytes, bytes - start);
            headFile.ReadBytes(head, start, left.AsSpan(0, count));
            embeddingFile.ReadBytes(embedding, start, right.AsSpan(0, count));
            if (!left.AsSpan(0, count).SequenceEqual(right.AsSpan(0, count)))
            {
                return false;
            }
        }

        return true;
    }
}
