using Transfuse.Artifacts;
using Transfuse.Checkpoints;
using Transfuse.Checkpoints.Gguf;
using Transfuse.Checkpoints.Safetensors;
using Transfuse.Tensors;
using Transfuse.Tokenization;
using Transfuse.Tokenization.ChatTemplates;

namespace Transfuse.Models.Conversion;

/// <summary>Writes a GGUF model as a Hugging Face folder, tensor by tensor; quantised weights are widened.</summary>
internal static class GgufImport
{
    /// <summary>Writes weights, config.json and, where the file has one, the tokenizer.</summary>
    internal static void Write(GgufModel model, string folder, SafetensorsType? type, long maxShardBytes, Action<string> warn, CancellationToken cancellation)
    {
        Directory.CreateDirectory(folder);
        var chosen = type ?? Same(model);
        List<SafetensorsTensor> tensors =
            [.. model.Tensors.Values.Select(tensor => new SafetensorsTensor(tensor.Name, chosen, [.. tensor.Dimensions.Select(size => checked((int)size))]))];
        SafetensorsShards.Write(folder, tensors, maxShardBytes, (writer, names) =>
        {
            foreach (var tensor in model.Tensors.Values.Where(tensor => names.Contains(tensor.Name)))
            {
                cancellation.ThrowIfCancellationRequested();
                tensor.Read((_, values) => writer.Write(tensor.Name, values));
            }
        });
        WriteTokenizer(model.Checkpoint.Path, folder, warn);
        var weightType = chosen switch { SafetensorsType.BF16 => "bfloat16", SafetensorsType.F16 => "float16", _ => "float32" };
        var config = model.Config;
        AtomicFile.Write(Path.Combine(folder, PretrainedModel.GenerationFileName), PretrainedModel.GenerationDefaults(config));

        // The folder is a model from here on.
        AtomicFile.Write(Path.Combine(folder, ModelConfig.FileName), config.ToJson(weightType));
    }

    /// <summary>Writes the tokenizer of a file, with its chat template in tokenizer_config.json, or says that there is none.</summary>
    internal static void WriteTokenizer(string file, string folder, Action<string> warn)
    {
        using (var checkpoint = GgufCheckpoint.Open(file))
        {
            if (!checkpoint.Metadata.Has("tokenizer.ggml.tokens"))
            {
                warn($"{file}: has no tokenizer; copy one into the folder.");
                return;
            }
        }

        TokenizerFile.Save(TokenizerFile.Load(file), folder);
        ChatTemplateFile.Carry(file, folder);
    }

    /// <summary>Half precision if every matrix has it, else float32, which loses nothing.</summary>
    private static SafetensorsType Same(GgufModel model)
    {
        DType[] types = [.. model.Tensors.Values.Where(tensor => tensor.Dimensions.Count > 1).Select(tensor => tensor.Type).Distinct()];
        return types switch { [DType.F16] => SafetensorsType.F16, [DType.BF16] => SafetensorsType.BF16, _ => SafetensorsType.F32 };
    }
}
