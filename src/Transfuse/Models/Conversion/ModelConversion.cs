using System.Text.Json.Nodes;
using Transfuse.Checkpoints;
using Transfuse.Checkpoints.Gguf;
using Transfuse.Checkpoints.Safetensors;
using Transfuse.Diagnostics;
using Transfuse.Errors;
using Transfuse.Tensors;

namespace Transfuse.Models.Conversion;

/// <summary>Whole models from one form into the other: Hugging Face folder and GGUF file. One tensor is in memory at a time.</summary>
public static class ModelConversion
{
    /// <summary>Writes a Hugging Face folder as a GGUF file that llama.cpp loads.</summary>
    /// <param name="folder">Folder with config.json, safetensors weights and, usually, a tokenizer.</param>
    /// <param name="file">The file to write; it appears when it is complete.</param>
    /// <param name="type">Type of the matrices: F32, F16, BF16, Q8_0 or Q4_0; null keeps theirs.</param>
    /// <param name="progress">Hears of warnings.</param>
    /// <param name="cancellation">Ends the writing; no file is left.</param>
    /// <exception cref="ModelFormatException">The folder is damaged, or GGUF cannot say what its configuration says.</exception>
    /// <exception cref="TokenizerException">GGUF has no form for the tokenizer, or it does not fit the model.</exception>
    public static void ToGguf(string folder, string file, DType? type = null, IProgress<RunEvent>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(folder);
        ArgumentNullException.ThrowIfNull(file);
        var config = ReadConfig(folder);
        var modelType = config.Find("model_type")?.ToString();
        var architecture = GgufArchitectures.FromModelType(modelType) ?? throw new ModelFormatException(
            Path.Combine(folder, ModelConfig.FileName),
            $"is of model_type '{modelType}', which cannot be written as GGUF; these can: {string.Join(", ", GgufArchitectures.ModelTypes)}.");
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(file))!);
        using var checkpoint = SafetensorsCheckpoint.Open(folder);
        var name = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)));
        new GgufExport(checkpoint, config, architecture, type).Write(file, name, folder, message => progress?.Report(new WarningEvent(message)), cancellation);
    }

    /// <summary>Writes a GGUF model as a Hugging Face folder.</summary>
    /// <param name="file">The file, or the first of its parts.</param>
    /// <param name="folder">Folder to write to; made if it is not there. config.json appears last.</param>
    /// <param name="type">F32, F16 or BF16; null keeps half precision and widens the rest to F32.</param>
    /// <param name="maxShardBytes">Most bytes of weights in one file.</param>
    /// <param name="progress">Hears of warnings.</param>
    /// <param name="cancellation">Ends the writing.</param>
    /// <exception cref="ModelFormatException">The file is damaged or of an architecture that is not known.</exception>
    /// <exception cref="TokenizerException">The tokenizer is of a kind that is not known.</exception>
    public static void ToFolder(
        string file, string folder, SafetensorsType? type = null, long maxShardBytes = SafetensorsShards.UsualShardBytes, IProgress<RunEvent>? progress = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(file);
        ArgumentNullException.ThrowIfNull(folder);
        using var model = GgufModel.Open(file);
        GgufImport.Write(model, folder, type, maxShardBytes, message => progress?.Report(new WarningEvent(message)), cancellation);
    }

    /// <summary>The configuration with every key spelled out where its class is known, else as the file has it.</summary>
    private static ConfigTree ReadConfig(string folder)
    {
        var path = Path.Combine(folder, ModelConfig.FileName);
        var json = JsonInput.ReadFile(path, root => root.GetRawText());
        var raw = (JsonObject)JsonNode.Parse(json)!;
        if (!ModelConfig.KnownTypes.Contains(raw["model_type"]?.ToString(), StringComparer.Ordinal))
        {
            return new ConfigTree(raw, path) { Text = json };
        }

        var spelledOut = ModelConfig.Load(folder).ToJson();
        return new ConfigTree((JsonObject)JsonNode.Parse(spelledOut)!, path) { Text = spelledOut };
    }
}
