using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Transfuse.Artifacts;

namespace Transfuse.Checkpoints.Safetensors;

/// <summary>
/// Writes the weights of a Hugging Face folder: <c>model.safetensors</c>, or, where that would grow too large,
/// <c>model-0000N-of-0000M.safetensors</c> with an index.
/// </summary>
public static class SafetensorsShards
{
    /// <summary>The size of transformers 4, which every file system holds.</summary>
    public const long UsualShardBytes = 5_000_000_000;

    /// <summary>Fills each file in turn with tensors in their order; files appear under their final names when complete, the index last.</summary>
    /// <param name="folder">An existing folder. Weights of an earlier model in it are replaced.</param>
    /// <param name="tensors">What is going to be written.</param>
    /// <param name="maxShardBytes">Most bytes of tensors in a file; a larger tensor has a file of its own.</param>
    /// <param name="write">Writes the tensors of the given names to the file.</param>
    public static void Write(
        string folder, IReadOnlyList<SafetensorsTensor> tensors, long maxShardBytes, Action<SafetensorsWriter, IReadOnlySet<string>> write)
    {
        ArgumentNullException.ThrowIfNull(folder);
        ArgumentNullException.ThrowIfNull(tensors);
        ArgumentNullException.ThrowIfNull(write);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxShardBytes);
        var shards = Split(tensors, maxShardBytes);
        string[] names = [.. Enumerable.Range(1, shards.Count).Select(number => FileName(number, shards.Count))];
        foreach (var (shard, name) in shards.Zip(names))
        {
            using var writer = new SafetensorsWriter(Path.Combine(folder, name), shard);
            write(writer, shard.Select(tensor => tensor.Name).ToHashSet(StringComparer.Ordinal));
            writer.Complete();
        }

        if (shards.Count > 1)
        {
            AtomicFile.Write(Path.Combine(folder, SafetensorsCheckpoint.IndexFileName), Index(shards, names));
        }

        DeleteOthers(folder, names);
    }

    /// <summary>Tensors in their order, cut where the next one would make a file too large.</summary>
    private static List<List<SafetensorsTensor>> Split(IReadOnlyList<SafetensorsTensor> tensors, long maxShardBytes)
    {
        List<List<SafetensorsTensor>> shards = [[]];
        var bytes = 0L;
        foreach (var tensor in tensors)
        {
            if (shards[^1].Count > 0 && bytes + tensor.ByteCount > maxShardBytes)
            {
                shards.Add([]);
                bytes = 0;
            }

            shards[^1].Add(tensor);
            bytes += tensor.ByteCount;
        }

        return shards;
    }

    private static string FileName(int number, int count) => count == 1
        ? SafetensorsCheckpoint.SingleFileName
        : string.Create(CultureInfo.InvariantCulture, $"model-{number:D5}-of-{count:D5}.safetensors");

    private static string Index(List<List<SafetensorsTensor>> shards, string[] names)
    {
        using var stream = new MemoryStream();
        var options = new JsonWriterOptions { Indented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
        using (var json = new Utf8JsonWriter(stream, options))
        {
            json.WriteStartObject();
            json.WriteStartObject("metadata");
            json.WriteNumber("total_size", shards.Sum(shard => shard.Sum(tensor => tensor.ByteCount)));
            json.WriteEndObject();
            json.WriteStartObject("weight_map");
            var places = shards.Zip(names).SelectMany(pair => pair.First.Select(tensor => (tensor.Name, File: pair.Second)));
            foreach (var (name, file) in places.OrderBy(place => place.Name, StringComparer.Ordinal))
            {
                json.WriteString(name, file);
            }

            json.WriteEndObject();
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(stream.ToArray()) + "\n";
    }

    /// <summary>Files of an earlier model would win over the new ones, or lie around.</summary>
    private static void DeleteOthers(string folder, string[] names)
    {
        foreach (var path in Directory.EnumerateFiles(folder, "model*.safetensors").ToList())
        {
            var name = Path.GetFileName(path);
            var isShard = name.StartsWith("model-", StringComparison.Ordinal) && name.Contains("-of-", StringComparison.Ordinal);
            if ((isShard || name is SafetensorsCheckpoint.SingleFileName) && !names.Contains(name, StringComparer.Ordinal))
            {
                File.Delete(path);
            }
        }

        if (names.Length == 1)
        {
            File.Delete(Path.Combine(folder, SafetensorsCheckpoint.IndexFileName));
        }
    }
}
