using System.Runtime.InteropServices;
using Transfuse.Checkpoints.Safetensors;
using Transfuse.Errors;
using Transfuse.Tensors;
using Transfuse.Tensors.Devices;

namespace Transfuse.Models;

/// <summary>The tensors of a checkpoint under the names of a weight map: compares the two and reads parameters.</summary>
internal sealed class CheckpointWeights
{
    private const int MostNamed = 8;
    private const int ChunkElements = 1 << 16;

    // Buffers that older versions of the libraries saved: causal masks and rotary frequencies. They carry no information.
    private static readonly string[] IgnoredSuffixes =
        [".attn.bias", ".attn.masked_bias", ".attention.bias", ".attention.masked_bias", ".rotary_emb.inv_freq"];

    // How files of models that also see images name the part that reads text, and the names of that part alone.
    private static readonly (string File, string Model)[] TextPrefixes = [("model.language_model.", "model."), ("language_model.", "")];

    private static readonly string[] ImagePrefixes =
        ["vision_tower.", "multi_modal_projector.", "model.vision_tower.", "model.multi_modal_projector."];

    private readonly SafetensorsCheckpoint _checkpoint;

    internal CheckpointWeights(SafetensorsCheckpoint checkpoint)
    {
        _checkpoint = checkpoint;
        ImageTensors = Under(TextPrefixes.Select(prefix => prefix.File)).Count == 0 ? [] : Under(ImagePrefixes);
    }

    /// <summary>Tensors of the parts that see images, beside a part that reads text; they are left out.</summary>
    internal IReadOnlyList<string> ImageTensors { get; }

    /// <summary>Whether a tensor is a buffer without information.</summary>
    internal static bool IsIgnored(string name) => IgnoredSuffixes.Any(suffix => name.EndsWith(suffix, StringComparison.Ordinal));

    /// <summary>How a checkpoint stands to a config that ties the head to the embedding.</summary>
    internal enum Tie
    {
        /// <summary>No head, or one equal to the embedding.</summary>
        Tied,

        /// <summary>Only the head is there: it is the embedding too.</summary>
        HeadIsEmbedding,

        /// <summary>Both are there and differ: transformers 5 keeps both.</summary>
        Different,
    }

    /// <summary>Looks how embedding and head stand to each other.</summary>
    internal Tie FindTie(WeightMap map)
    {
        if (!TryFind(map, map.HeadName, out var headFile, out var head))
        {
            return Tie.Tied;
        }

        if (!TryFind(map, map.EmbeddingName, out var embeddingFile, out var embedding))
        {
            return Tie.HeadIsEmbedding;
        }

        return AreEqual(headFile, head, embeddingFile, embedding) ? Tie.Tied : Tie.Different;
    }

    /// <summary>Reads every parameter of <paramref name="map"/>, after everything was found to be there and of the right shape.</summary>
    /// <exception cref="ModelFormatException">Tensors are missing, left over or of another shape; they are named.</exception>
    internal ParameterSet Read(WeightMap map, Device device, Tie tie, WeightPrecision precision)
    {
        var sources = Resolve(map, tie);
        return ParameterSet.Create(map, spec => Allocate(spec, device, precision, sources), (spec, value) =>
        {
            if (value.IsResting)
            {
                CopyRows(spec, value, sources);
                return;
            }

            spec.ForEachPart(value, (part, rows) =>
            {
                var (file, entry) = sources[part.FileName];
                part.Fill(rows, file, entry);
            });
        }, map.Packing(precision, device));
    }

    /// <summary>Float32, or, where matrices rest as stored, the half precision that their parts have.</summary>
    private static Tensor Allocate(
        WeightSpec spec, Device device, WeightPrecision precision, Dictionary<string, (SafetensorsFile File, SafetensorsEntry Entry)> sources)
    {
        DType? Half(WeightPart part) => sources[part.FileName].Entry.Type switch { SafetensorsType.F16 => DType.F16, SafetensorsType.BF16 => DType.BF16, _ => null };
        return precision != WeightPrecision.Float32 && spec.Shape.Rank == 2 && spec.Parts.All(part => Half(part) is not null && !part.IsTransposed)
            ? Tensor.AllocateResting(device.Memory, spec.Shape.Columns, [.. spec.Parts.Select(part => new RestingSection(part.Shape[0], Half(part)!.Value))])
            : device.Allocate(spec.Shape);
    }

    private static void CopyRows(WeightSpec spec, Tensor value, Dictionary<string, (SafetensorsFile File, SafetensorsEntry Entry)> sources)
    {
        var next = 0;
        foreach (var part in spec.Parts)
        {
            var (file, entry) = sources[part.FileName];
            for (var row = 0; row < part.Shape[0]; row++)
            {
                var bytes = value.RestingRow(next++);
                file.ReadBytes(entry, (long)row * bytes.Length, bytes);
            }
        }
    }

    private Dictionary<string, (SafetensorsFile File, SafetensorsEntry Entry)> Resolve(WeightMap map, Tie tie)
    {
        var sources = new Dictionary<string, (SafetensorsFile File, SafetensorsEntry Entry)>(StringComparer.Ordinal);
        var used = new HashSet<string>([.. map.IgnoredNames, .. ImageTensors, .. Spellings(map, map.HeadName)], StringComparer.Ordinal);
        List<string> missing = [], misshaped = [];
        foreach (var part in map.Specs.SelectMany(spec => spec.Parts))
        {
            var name = tie == Tie.HeadIsEmbedding && part.FileName.Equals(map.EmbeddingName, StringComparison.Ordinal) ? map.HeadName : part.FileName;
            if (!TryFind(map, name, out var file, out var entry))
            {
                missing.Add($"{part.FileName} {part.Shape}");
                continue;
            }

            used.Add(entry.Name);
            sources.Add(part.FileName, (file, entry));
            if (!entry.HasShape(part.Shape) || !entry.Type.IsReal())
            {
                misshaped.Add($"{entry.Name} is {entry.Type} {entry.ShapeText}, expected reals {part.Shape}");
            }
        }

        List<string> unknown =
            [.. _checkpoint.Names.Where(name => !used.Contains(name) && !IsIgnored(name))];
        string[] problems = [.. Problem("missing tensors", missing), .. Problem("tensors of the wrong shape", misshaped), .. Problem("unknown tensors", unknown)];
        return problems.Length == 0
            ? sources
            : throw new ModelFormatException(
                _checkpoint.Folder, $"the weights do not fit config.json: {string.Join("; ", problems)}. Are both files of the same model?");
    }

    private static IEnumerable<string> Problem(string what, List<string> names)
    {
        if (names.Count > 0)
        {
            var rest = names.Count > MostNamed ? $" and {names.Count - MostNamed} more" : "";
            yield return $"{what}: {string.Join(", ", names.Take(MostNamed))}{rest}";
        }
    }

    private bool TryFind(WeightMap map, string name, out SafetensorsFile file, out SafetensorsEntry entry)
    {
        foreach (var spelling in Spellings(map, name))
        {
            if (_checkpoint.TryFind(spelling, out file, out entry))
            {
                return true;
            }
        }

        return _checkpoint.TryFind(name, out file, out entry);
    }

    /// <summary>What a tensor may be called: its full name, that without the prefix in a file of the bare model, and those of a part of a model.</summary>
    private static IEnumerable<string> Spellings(WeightMap map, string name)
    {
        yield return name;
        if (name.StartsWith(map.Prefix, StringComparison.Ordinal))
        {
            yield return name[map.Prefix.Length..];
        }

        foreach (var (inFile, inModel) in TextPrefixes)
        {
            if (name.StartsWith(inModel, StringComparison.Ordinal))
            {
                yield return inFile + name[inModel.Length..];
            }
        }
    }

    private List<string> Under(IEnumerable<string> prefixes) =>
        [.. _checkpoint.Names.Where(name => prefixes.Any(prefix => name.StartsWith(prefix, StringComparison.Ordinal)))];

    /// <summary>Whether two tensors hold the same values.</summary>
    internal static bool AreEqual(SafetensorsFile fileA, SafetensorsEntry a, SafetensorsFile fileB, SafetensorsEntry b)
    {
        if (!a.Type.IsReal() || !b.Type.IsReal() || !a.Dimensions.SequenceEqual(b.Dimensions))
        {
            return false;
        }

        var (left, right) = (new float[ChunkElements], new float[ChunkElements]);
        for (var start = 0L; start < a.ElementCount; start += ChunkElements)
        {
            var count = (int)Math.Min(ChunkElements, a.ElementCount - start);
            fileA.ReadSingles(a, start, left.AsSpan(0, count));
            fileB.ReadSingles(b, start, right.AsSpan(0, count));
            if (!MemoryMarshal.AsBytes(left.AsSpan(0, count)).SequenceEqual(MemoryMarshal.AsBytes(right.AsSpan(0, count))))
            {
                return false;
            }
        }

        return true;
    }
}
