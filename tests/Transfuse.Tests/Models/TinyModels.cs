using Transfuse.Checkpoints;
using Transfuse.Models;
using Transfuse.Tensors.Devices;
using Transfuse.Tensors.Random;

namespace Transfuse.Tests.Models;

/// <summary>Small random models of every architecture and its odd options.</summary>
internal static class TinyModels
{
    internal static readonly string[] Names =
        ["llama", "llama-tied-grouped", "llama-bias", "llama-linear", "neox", "neox-sequential", "neox-tied-nobias", "neox-one-head", "mpt", "mpt-clip", "mpt-grouped-bias"];

    internal static TheoryData<string> Cases() => [.. Names];

    internal static ModelConfig Config(string name) => name switch
    {
        "llama" => Llama,
        "llama-tied-grouped" => Llama with { KeyValueHeads = 1, HeadDimension = 6, TiesEmbeddings = true, EosIds = [2, 3] },
        "llama-bias" => Llama with { AttentionBias = true, MlpBias = true, KeyValueHeads = 3 },
        "llama-linear" => Llama with { Rope = new RopeParameters { Type = RopeParameters.LinearType, Factor = 4 } },
        "neox" => NeoX,
        "neox-sequential" => NeoX with { ParallelResidual = false, Activation = "gelu_fast", Rope = new RopeParameters { PartialRotaryFactor = 0.5, Theta = 500 } },
        "neox-tied-nobias" => NeoX with { AttentionBias = false, TiesEmbeddings = true },
        "neox-one-head" => NeoX with { HeadCount = 1 },
        "mpt" => Mpt,
        "mpt-clip" => Mpt with { ClipQkv = 0.3, SoftmaxScale = 0.7, LogitScale = 0.5, TiesEmbeddings = false },
        "mpt-grouped-bias" => Mpt with { KeyValueHeads = 1, HasBias = true, AlibiBiasMax = 4, IntermediateSize = 50 },
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, "no such model"),
    };

    internal static LanguageModel Create(string name, Device device, long seed = 7) =>
        PretrainedModel.Create(Config(name), device, new RandomStream(seed, "init"));

    /// <summary>Random ids below the vocabulary.</summary>
    internal static int[] Ids(int count, int seed = 1)
    {
        var random = new RandomStream(seed, "ids");
        return [.. Enumerable.Range(0, count).Select(_ => random.NextInt32(Vocabulary))];
    }

    internal const int Vocabulary = 37;

    private static LlamaConfig Llama => new()
    {
        VocabularySize = Vocabulary,
        HiddenSize = 24,
        IntermediateSize = 40,
        LayerCount = 2,
        HeadCount = 3,
        MaxPositions = 64,
        InitializerRange = 0.3,
        BosId = 1,
        EosIds = [2],
    };

    private static GptNeoXConfig NeoX => new()
    {
        VocabularySize = Vocabulary,
        HiddenSize = 32,
        IntermediateSize = 48,
        LayerCount = 2,
        HeadCount = 4,
        MaxPositions = 64,
        InitializerRange = 0.3,
        Rope = new RopeParameters { PartialRotaryFactor = 0.25 },
        EosIds = [0],
    };

    private static MptConfig Mpt => new()
    {
        VocabularySize = Vocabulary,
        HiddenSize = 24,
        IntermediateSize = 96,
        LayerCount = 2,
        HeadCount = 3,
        MaxPositions = 64,
        InitializerRange = 0.3,
    };
}
