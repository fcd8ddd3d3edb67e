using System.Text;
using System.Text.Json;
using Transfuse.Artifacts;
using Transfuse.Checkpoints;
using Transfuse.Checkpoints.Gguf;
using Transfuse.Checkpoints.Safetensors;
using Transfuse.Diagnostics;
using Transfuse.Errors;
using Transfuse.Models.Gpt2;
using Transfuse.Models.GptNeoX;
using Transfuse.Models.Layers;
using Transfuse.Models.Llama;
using Transfuse.Models.Mpt;
using Transfuse.Models.Opt;
using Transfuse.Models.T5;
using Transfuse.Tensors;
using Transfuse.Tensors.Devices;
using Transfuse.Tensors.Random;

namespace Transfuse.Models;

/// <summary>Models from and to Hugging Face folders, and new ones.</summary>
public static partial class PretrainedModel
{
    /// <summary>Name of the file with the defaults of generation.</summary>
    public const string GenerationFileName = GenerationConfig.FileName;

    /// <summary>
    /// Loads <c>config.json</c> and the safetensors weights of a folder, or a GGUF file; half precision and quantised weights are widened to
    /// float32.
    /// </summary>
    /// <param name="folder">The folder, or the GGUF file. A folder without config.json may hold one GGUF model.</param>
    /// <param name="device">Where the model is going to run.</param>
    /// <param name="progress">Hears of warnings.</param>
    /// <param name="precision">Whether weights are widened to float32, or rest in memory as stored or packed; then matrices are frozen.</param>
    /// <returns>The model, which the caller disposes before the device.</returns>
    /// <exception cref="ModelFormatException">A file is missing or corrupt, the architecture is unknown, or weights and config do not fit.</exception>
    public static LanguageModel Load(
        string folder, Device device, IProgress<RunEvent>? progress = null, WeightPrecision precision = WeightPrecision.Float32)
    {
        ArgumentNullException.ThrowIfNull(device);
        if (GgufCheckpoint.FindFile(folder) is { } file)
        {
            return LoadGguf(file, device, precision);
        }

        var config = ModelConfig.Load(folder);
        CheckDecoderOnly(config, Path.Combine(folder, ModelConfig.FileName));
        using var checkpoint = SafetensorsCheckpoint.Open(folder);
        var weights = new CheckpointWeights(checkpoint);
        var map = WeightsOf(config);
        var tie = TieOf(config, weights, map, folder, progress);
        if (tie == CheckpointWeights.Tie.Different)
        {
            config = config with { TiesEmbeddings = false };
            map = WeightsOf(config);
        }

        if (weights.ImageTensors.Count > 0)
        {
            progress?.Report(new WarningEvent(
                $"{folder}: is a model of text and images; its text part is loaded, and {weights.ImageTensors.Count} tensors of the parts that see images are left out."));
        }

        foreach (var difference in (config as MptConfig)?.Differences() ?? [])
        {
            progress?.Report(new WarningEvent($"{folder}: {difference}"));
        }

        return Build(config, weights.Read(map, device, tie, precision), device);
    }

    /// <summary>The config of a model folder or GGUF file, without its weights.</summary>
    /// <exception cref="ModelFormatException">It is missing, damaged, or of an unknown architecture.</exception>
    public static ModelConfig ReadConfig(string path)
    {
        if (GgufCheckpoint.FindFile(path) is not { } file)
        {
            return ModelConfig.Load(path);
        }

        using var checkpoint = GgufCheckpoint.Open(file);
        return ReadConfig(checkpoint);
    }

    /// <summary>The configuration of an opened GGUF file.</summary>
    /// <exception cref="ModelFormatException">It is of an unknown architecture, or a key is missing.</exception>
    public static ModelConfig ReadConfig(GgufCheckpoint checkpoint)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        return GgufModel.ReadConfig(checkpoint);
    }

    private static DecoderModel LoadGguf(string file, Device device, WeightPrecision precision)
    {
        using var model = GgufModel.Open(file);
        var config = model.Config;
        CheckDecoderOnly(config, file);
        return Build(config, new GgufWeights(model).Read(WeightsOf(config), device, precision), device);
    }

    /// <summary>A new model with random weights.</summary>
    /// <remarks>
    /// Matrices and embeddings are normal with standard deviation <see cref="ModelConfig.InitializerRange"/>; the projections that add to
    /// the residual stream with that divided by √(2·layers), so that its variance does not grow with depth (GPT-2, Radford et al. 2019);
    /// norms start at 1, biases at 0.
    /// </remarks>
    /// <param name="config">Shape of the model.</param>
    /// <param name="device">Where it is going to run.</param>
    /// <param name="initialisation">Source of the weights.</param>
    /// <exception cref="ArgumentException">The configuration is inconsistent; all problems are named.</exception>
    public static LanguageModel Create(ModelConfig config, Device device, RandomStream initialisation)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(device);
        ArgumentNullException.ThrowIfNull(initialisation);
        CheckConfig(config);
        var parameters = ParameterSet.Create(
            WeightsOf(config), device, (spec, value) => Initialise(value, spec.Role, config, initialisation));
        return Build(config, parameters, device);
    }

    /// <summary>A model on a device for rehearsals, of which there is no file yet.</summary>
    internal static LanguageModel Rehearse(ModelConfig config, Device rehearsal, WeightPrecision precision)
    {
        CheckConfig(config);
        var map = WeightsOf(config);
        return Build(config, ParameterSet.Create(map, spec => rehearsal.Allocate(spec.Shape), (_, _) => { }, map.Packing(precision, rehearsal)), rehearsal);
    }

    /// <summary>
    /// Writes <c>model.safetensors</c> (or shards with an index), <c>config.json</c> and <c>generation_config.json</c>, each file complete or
    /// not at all.
    /// </summary>
    /// <param name="model">A model that was loaded or created here.</param>
    /// <param name="folder">Folder to write to; made if it is not there. Other files in it, such as the tokenizer's, stay.</param>
    /// <param name="type">Element type of the weights: F32, BF16 or F16; the latter two round to nearest even. T5 was not made for F16: large ones overflow.</param>
    /// <param name="maxShardBytes">Most bytes of weights in a file.</param>
    public static void Save(
        TextModel model, string folder, SafetensorsType type = SafetensorsType.F32, long maxShardBytes = SafetensorsShards.UsualShardBytes)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(folder);
        var config = model.Config;
        Directory.CreateDirectory(folder);
        var specs = WeightsOf(config).Specs;
        List<SafetensorsTensor> tensors =
            [.. specs.SelectMany(spec => spec.Parts).Select(part => new SafetensorsTensor(part.FileName, type, Dimensions(part.Shape)))];
        SafetensorsShards.Write(folder, tensors, maxShardBytes, (writer, names) =>
        {
            foreach (var (spec, parameter) in specs.Zip(model.Parameters))
            {
                spec.ForEachPart(parameter.Value, (part, rows) =>
                {
                    if (names.Contains(part.FileName))
                    {
                        part.Pour(rows, values => writer.Write(part.FileName, values));
                    }
                });
            }
        });

        var weightType = type switch { SafetensorsType.BF16 => "bfloat16", SafetensorsType.F16 => "float16", _ => "float32" };
        AtomicFile.Write(Path.Combine(folder, ModelConfig.FileName), config.ToJson(weightType));
        AtomicFile.Write(Path.Combine(folder, GenerationFileName), GenerationDefaults(config));
    }

    /// <summary>Trainable values of a model of this configuration, without making it. A tied head is not counted twice.</summary>
    public static long CountParameters(ModelConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        return WeightsOf(config).Specs.Sum(spec => spec.Shape.Length);
    }

    /// <summary>Names and shapes of the weights of a configuration's architecture.</summary>
    internal static WeightMap WeightsOf(ModelConfig config) => config switch
    {
        LlamaConfig llama => LlamaArchitecture.Weights(llama),
        T5Config t5 => T5Architecture.Weights(t5),
        _ => Describe(config).Weights(config),
    };

    private static DecoderModel Build(ModelConfig config, ParameterSet parameters, Device device) =>
        config is LlamaConfig llama ? LlamaArchitecture.Build(llama, parameters, device) : Describe(config).Build(config, parameters, device);

    private static PlainDecoder Describe(ModelConfig config) => config switch
    {
        GptNeoXConfig neoX => GptNeoXArchitecture.Describe(neoX),
        MptConfig mpt => MptArchitecture.Describe(mpt),
        Gpt2Config gpt2 => Gpt2Architecture.Describe(gpt2),
        OptConfig opt => OptArchitecture.Describe(opt),
        _ => throw new ArgumentException($"No model of type {config.ModelType} is known.", nameof(config)),
    };

    /// <summary>How head and embedding of a folder stand to each other; a tie that does not hold is told.</summary>
    private static CheckpointWeights.Tie TieOf(
        ModelConfig config, CheckpointWeights weights, WeightMap map, string folder, IProgress<RunEvent>? progress)
    {
        var tie = config.TiesEmbeddings ? weights.FindTie(map) : CheckpointWeights.Tie.Tied;
        if (tie == CheckpointWeights.Tie.Different)
        {
            progress?.Report(new WarningEvent(
                $"{folder}: config.json ties the head to the embedding, but the file has a different {map.HeadName}; both are kept, as transformers 5 does."));
        }

        return tie;
    }

    private static void CheckDecoderOnly(ModelConfig config, string path)
    {
        if (config is T5Config)
        {
            throw new ModelFormatException(path, $"is of an encoder-decoder model ({config.ModelType}); this works with decoder-only models.");
        }
    }

    private static void CheckConfig(ModelConfig config)
    {
        string[] problems = [.. config.Problems()];
        if (problems.Length > 0)
        {
            throw new ArgumentException($"No {config.ModelType} can be made of this: {string.Join("; ", problems)}.", nameof(config));
        }
    }

    private static void Initialise(Tensor value, WeightRole role, ModelConfig config, RandomStream random)
    {
        if (role is WeightRole.NormWeight or WeightRole.NormOffset or WeightRole.Bias)
        {
            value.Fill(role == WeightRole.NormWeight ? 1 : 0);
            return;
        }

        var deviation = role == WeightRole.ResidualMatrix ? config.InitializerRange / Math.Sqrt(2 * config.LayerCount) : config.InitializerRange;
        FillNormal(value, deviation, random);
    }

    private static int[] Dimensions(Shape shape) => [.. Enumerable.Range(0, shape.Rank).Select(axis => shape[axis])];

    /// <summary>The text of generation_config.json.</summary>
    internal static string GenerationDefaults(ModelConfig config)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true, NewLine = "\n" }))
        {
            json.WriteStartObject();
            json.WriteBoolean("_from_model_config", value: true);
            json.WriteId("bos_token_id", config.BosId);
            json.WriteIds("eos_token_id", config.EosIds);
            json.WriteId("pad_token_id", config.PadId);
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(stream.ToArray()) + "\n";
    }
}
