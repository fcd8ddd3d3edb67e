using System.Text.Json;
using Transfuse.Errors;

namespace Transfuse.Checkpoints.Safetensors;

/// <summary>
/// The weights of a Hugging Face folder: <c>model.safetensors</c>, or the shards that <c>model.safetensors.index.json</c> names.
/// </summary>
public sealed class SafetensorsCheckpoint : IDisposable
{
    /// <summary>Name of an unsharded weight file.</summary>
    public const string SingleFileName = "model.safetensors";

    /// <summary>Name of the index of a sharded one.</summary>
    public const string IndexFileName = "model.safetensors.index.json";

    private readonly TensorFiles<SafetensorsFile, SafetensorsEntry> _files = new();

    private SafetensorsCheckpoint(string folder)
    {
        Folder = folder;
    }

    /// <summary>The folder.</summary>
    public string Folder { get; }

    /// <summary>Every tensor's name, sorted.</summary>
    public IReadOnlyList<string> Names => [.. _files.Tensors.Keys.Order(StringComparer.Ordinal)];

    /// <summary>Bytes of all tensors together.</summary>
    public long ByteCount => _files.Tensors.Values.Sum(tensor => tensor.Entry.ByteCount);

    /// <summary>Opens the weights of a folder; a single file wins over an index, as in transformers.</summary>
    /// <exception cref="ModelFormatException">There are none, a shard is missing, or a file does not hold what its format promises.</exception>
    public static SafetensorsCheckpoint Open(string folder)
    {
        ArgumentNullException.ThrowIfNull(folder);
        return CheckpointFile.Opened(new SafetensorsCheckpoint(folder), checkpoint => checkpoint.OpenFiles());
    }

    /// <summary>A tensor and the file it lies in; false if there is none of this name.</summary>
    public bool TryFind(string name, out SafetensorsFile file, out SafetensorsEntry entry) => _files.TryFind(name, out file, out entry);

    /// <summary>Closes all files.</summary>
    public void Dispose() => _files.Dispose();

    private void OpenFiles()
    {
        var single = Path.Combine(Folder, SingleFileName);
        var index = Path.Combine(Folder, IndexFileName);
        if (File.Exists(single))
        {
            var file = _files.Add(SafetensorsFile.Open(single));
            foreach (var entry in file.Entries)
            {
                _files.TryAdd(entry.Name, file, entry);
            }
        }
        else if (File.Exists(index))
        {
            OpenShards(index);
        }
        else
        {
            throw new ModelFormatException(Folder, WhyNone());
        }
    }

    private string WhyNone()
    {
        var pickled = Directory.Exists(Folder) ? Directory.EnumerateFiles(Folder, "pytorch_model*.bin").Order(StringComparer.Ordinal).FirstOrDefault() : null;
        return pickled is null
            ? $"holds neither {SingleFileName} nor {IndexFileName}; point to a Hugging Face model folder with safetensors weights."
            : $"has its weights in {Path.GetFileName(pickled)} only, a Python pickle, which could run any code when read. Convert it where you trust it: "
                + "python -c \"from transformers import AutoModelForCausalLM as M; m = M.from_pretrained('.'); m.save_pretrained('converted', safe_serialization=True)\"";
    }

    private void OpenShards(string index)
    {
        var map = JsonInput.ReadFile(index, root => ReadWeightMap(root, index));
        foreach (var shard in map.GroupBy(pair => pair.Value, pair => pair.Key, StringComparer.Ordinal).OrderBy(shard => shard.Key, StringComparer.Ordinal))
        {
            var path = Path.Combine(Folder, shard.Key);
            if (!File.Exists(path))
            {
                throw new ModelFormatException(index, $"names the shard '{shard.Key}', which is not in the folder; fetch it.");
            }

            var file = _files.Add(SafetensorsFile.Open(path));
            foreach (var name in shard)
            {
                var entry = file.Find(name)
                    ?? throw new ModelFormatException(index, $"says that tensor '{name}' is in '{shard.Key}', which does not have it. Index and shards are of different models; fetch both again.");
                _files.TryAdd(name, file, entry);
            }
        }
    }

    private static List<KeyValuePair<string, string>> ReadWeightMap(JsonElement root, string index)
    {
        if (!root.TryGetProperty("weight_map", out var map) || map.ValueKind != JsonValueKind.Object)
        {
            throw new ModelFormatException(index, "lacks the object 'weight_map' that says in which file each tensor lies.");
        }

        var result = new List<KeyValuePair<string, string>>();
        foreach (var item in map.EnumerateObject())
        {
            var file = item.Value.ValueKind == JsonValueKind.String ? item.Value.GetString()! : "";
            if (!IsPlainFileName(file))
            {
                throw new ModelFormatException(
                    index, $"puts tensor '{item.Name}' into {item.Value.GetRawText()}; expected the name of a .safetensors file in the same folder.");
            }

            result.Add(new(item.Name, file));
        }

        return result;
    }

    private static bool IsPlainFileName(string name) =>
        name.EndsWith(".safetensors", StringComparison.Ordinal)
        && name.AsSpan().IndexOfAny(['/', '\\', ':', '\0']) < 0
        && !name.StartsWith('.');
}
