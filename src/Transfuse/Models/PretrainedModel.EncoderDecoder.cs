using Transfuse.Checkpoints;
using Transfuse.Checkpoints.Gguf;
using Transfuse.Checkpoints.Safetensors;
using Transfuse.Diagnostics;
using Transfuse.Errors;
using Transfuse.Models.T5;
using Transfuse.Tensors;
using Transfuse.Tensors.Devices;
using Transfuse.Tensors.Random;

namespace Transfuse.Models;

public static partial class PretrainedModel
{
    /// <summary>Whether a folder's model is an encoder with a decoder (T5), for <see cref="LoadEncoderDecoder"/>, or a decoder alone, for <see cref="Load"/>.</summary>
    /// <exception cref="ModelFormatException">Its <c>config.json</c>, or the GGUF file, is missing, corrupt or of an unknown type.</exception>
    public static bool IsEncoderDecoder(string folder) => ReadConfig(folder) is T5Config;

    /// <summary>Loads <c>config.json</c> and the safetensors weights of an encoder-decoder model; half precision is widened to float32.</summary>
    /// <param name="folder">The folder, or a GGUF file.</param>
    /// <param name="device">Where the model is going to run.</param>
    /// <param name="progress">Hears of warnings.</param>
    /// <param name="precision">Whether weights are widened to float32, or rest in memory as stored or packed; then matrices are frozen.</param>
    /// <returns>The model, which the caller disposes before the device.</returns>
    /// <exception cref="ModelFormatException">A file is missing or corrupt, the architecture is another, or weights and config do not fit.</exception>
    public static EncoderDecoderModel LoadEncoderDecoder(
        string folder, Device device, IProgress<RunEvent>? progress = null, WeightPrecision precision = WeightPrecision.Float32)
    {
        ArgumentNullException.ThrowIfNull(device);
        if (ReadConfig(folder) is not T5Config config)
        {
            throw new ModelFormatException(folder, "is of a decoder-only model; an encoder-decoder model (t5) was expected.");
        }

        if (GgufCheckpoint.FindFile(folder) is { } gguf)
        {
            using var model = GgufModel.Open(gguf);
            config = (T5Config)model.Config;
            return T5Architecture.Build(config, new GgufWeights(model).Read(WeightsOf(config), device, precision));
        }

        using var checkpoint = SafetensorsCheckpoint.Open(folder);
        var weights = new CheckpointWeights(checkpoint);
        var map = T5Architecture.Weights(config);
        var tie = TieOf(config, weights, map, folder, progress);
        if (tie == CheckpointWeights.Tie.Different)
        {
            config = config with { TiesEmbeddings = false, ScalesDecoderOutputs = config.ScalesHead };
            map = T5Architecture.Weights(config);
        }

        return T5Architecture.Build(config, weights.Read(map, device, tie, precision));
    }

    /// <summary>A new encoder-decoder model with random weights, of the standard deviations of the original.</summary>
    /// <param name="config">Shape of the model.</param>
    /// <param name="device">Where it is going to run.</param>
    /// <param name="initialisation">Source of the weights.</param>
    /// <exception cref="ArgumentException">The configuration is inconsistent; all problems are named.</exception>
    public static EncoderDecoderModel CreateEncoderDecoder(T5Config config, Device device, RandomStream initialisation)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(device);
        ArgumentNullException.ThrowIfNull(initialisation);
        CheckConfig(config);
        return T5Architecture.Build(config, ParameterSet.Create(T5Architecture.Weights(config), device, (spec, value) => spec.ForEachPart(value, (part, rows) =>
        {
            if (spec.Role == WeightRole.NormWeight)
            {
                rows.Fill((float)config.InitializerFactor);
                return;
            }

            FillNormal(rows, T5Architecture.Deviation(config, part.FileName), initialisation);
        })));
    }

    private static void FillNormal(Tensor value, double deviation, RandomStream random)
    {
        for (var row = 0; row < value.Rows; row++)
        {
            foreach (ref var element in value.Row(row))
            {
                element = (float)(deviation * random.NextNormal());
            }
        }
    }
}
