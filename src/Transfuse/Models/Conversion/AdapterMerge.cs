using Transfuse.Checkpoints.Comparison;
using Transfuse.Checkpoints.Gguf;
using Transfuse.Checkpoints.Safetensors;
using Transfuse.Diagnostics;
using Transfuse.Tensors;
using Transfuse.Tensors.Devices;
using Transfuse.Tokenization.ChatTemplates;

namespace Transfuse.Models.Conversion;

/// <summary>Merges adapters into the weights of the model they were trained on.</summary>
public static class AdapterMerge
{
    // What a folder says of its texts: it stays as it is.
    private static readonly string[] TextFiles =
        ["tokenizer*", "special_tokens_map.json", "added_tokens.json", "vocab.json", "merges.txt", "spiece.model", "sentencepiece.bpe.model", "*.jinja", "generation_config.json"];

    /// <summary>
    /// Loads a model to read with: its matrices rest packed or as stored, so that it takes little more memory than its file; they are widened to float32
    /// where adapters are merged into them.
    /// </summary>
    /// <param name="source">Folder or GGUF file of the model.</param>
    /// <param name="adapters">Folders of adapters; none leaves the model as it is.</param>
    /// <param name="device">Where the model runs.</param>
    /// <returns>The model, which the caller disposes before the device.</returns>
    /// <exception cref="Errors.ModelFormatException">Model or adapter is damaged, or they do not fit.</exception>
    public static LanguageModel Load(string source, IReadOnlyList<string> adapters, Device device)
    {
        ArgumentNullException.ThrowIfNull(adapters);
        var model = PretrainedModel.Load(source, device, precision: adapters.Count == 0 ? WeightPrecision.Packed : WeightPrecision.Float32);
        try
        {
            Apply(model, adapters, device);
            return model;
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    /// <summary>Merges adapters into a loaded model, one after the other.</summary>
    /// <param name="model">The model; its weights are changed.</param>
    /// <param name="adapters">Folders of adapters.</param>
    /// <param name="device">Where the model runs.</param>
    /// <exception cref="Errors.ModelFormatException">An adapter is damaged or does not fit the model.</exception>
    public static void Apply(LanguageModel model, IEnumerable<string> adapters, Device device)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(adapters);
        foreach (var folder in adapters)
        {
            using var adapter = ModelAdapters.Load(model, folder, device);
            ModelAdapters.Merge(model, adapter, device);
        }
    }

    /// <summary>Writes a model with adapters merged into it as a Hugging Face folder. The whole model is in memory, in float32.</summary>
    /// <param name="source">Folder or GGUF file of the model.</param>
    /// <param name="adapters">Folders of adapters.</param>
    /// <param name="folder">Folder to write to; tokenizer, template and defaults of generation come from the source.</param>
    /// <param name="device">Where merging is computed.</param>
    /// <param name="type">F32, F16 or BF16; null keeps half precision and gives F32 for all else.</param>
    /// <param name="maxShardBytes">Most bytes of weights in one file.</param>
    /// <param name="progress">Hears of warnings.</param>
    /// <exception cref="Errors.ModelFormatException">Model or adapter is damaged, or they do not fit.</exception>
    public static void ToFolder(
        string source, IEnumerable<string> adapters, string folder, Device device, SafetensorsType? type = null,
        long maxShardBytes = SafetensorsShards.UsualShardBytes, IProgress<RunEvent>? progress = null)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(folder);
        using (var model = PretrainedModel.Load(source, device, progress))
        {
            Apply(model, adapters, device);
            PretrainedModel.Save(model, folder, type ?? StoredType(source), maxShardBytes);
        }

        if (GgufCheckpoint.FindFile(source) is { } file)
        {
            GgufImport.WriteTokenizer(file, folder, message => progress?.Report(new WarningEvent(message)));
            return;
        }

        foreach (var text in TextFiles.SelectMany(pattern => Directory.GetFiles(source, pattern)))
        {
            File.Copy(text, Path.Combine(folder, Path.GetFileName(text)), overwrite: true);
        }

        ChatTemplateFile.Carry(source, folder);
    }

    /// <summary>Writes a model with adapters merged into it as a GGUF file. A folder beside it holds the merged weights in float32 meanwhile.</summary>
    /// <param name="source">Folder or GGUF file of the model.</param>
    /// <param name="adapters">Folders of adapters.</param>
    /// <param name="file">The file to write.</param>
    /// <param name="device">Where merging is computed.</param>
    /// <param name="type">Type of the matrices; null keeps half precision and gives F32 for all else.</param>
    /// <param name="progress">Hears of warnings.</param>
    /// <param name="cancellation">Ends the writing; no file is left.</param>
    /// <exception cref="Errors.ModelFormatException">Model or adapter is damaged, they do not fit, or GGUF cannot say what the configuration says.</exception>
    public static void ToGguf(
        string source, IEnumerable<string> adapters, string file, Device device, DType? type = null, IProgress<RunEvent>? progress = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(file);
        var kept = StoredType(source) switch { SafetensorsType.F16 => DType.F16, SafetensorsType.BF16 => DType.BF16, _ => DType.F32 };
        var meanwhile = file + ".merged.partial";
        try
        {
            // The folder's name becomes that of the model in the file.
            var folder = Path.Combine(meanwhile, Path.GetFileNameWithoutExtension(file));
            ToFolder(source, adapters, folder, device, SafetensorsType.F32, progress: progress);
            cancellation.ThrowIfCancellationRequested();
            ModelConversion.ToGguf(folder, file, type ?? kept, progress, cancellation);
        }
        finally
        {
            if (Directory.Exists(meanwhile))
            {
                Directory.Delete(meanwhile, recursive: true);
            }
        }
    }

    private static SafetensorsType StoredType(string source)
    {
        using var tensors = TensorSet.Open(source);
        string[] types = [.. tensors.Tensors.Values.Where(tensor => tensor.Dimensions.Count > 1).Select(tensor => tensor.Type).Distinct(StringComparer.Ordinal)];
        return types switch { ["F16"] => SafetensorsType.F16, ["BF16"] => SafetensorsType.BF16, _ => SafetensorsType.F32 };
    }
}
