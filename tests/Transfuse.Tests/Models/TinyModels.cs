using Transfuse.Checkpoints;
using Transfuse.Models;
using Transfuse.Tensors.Devices;
using Transfuse.Tensors.Random;

namespace Transfuse.Tests.Models;

/// <summary>Small random models of every architecture and its odd options.</summary>
internal static class TinyModels
{
    internal static readonly string[] Names =
        ["llama", "llama-tied-grouped", "llama-bias", "llama-linear", "neox", "neox-sequential", "neox-tied-nobias", "neox-one-head", "mpt", "mpt-clip", "mpt-grouped-bias",
            "llama-yarn", "llama-3.1", "mistral", "qwen2-window", "qwen3", "phi3", "olmo2", "smollm3", "granite", "gemma", "gemma2", "gemma3", "gpt2", "opt",
            "opt-350m", "opt-no-final-norm", "mpt-norms", "mpt-positions"];

    /// <summary>Models whose rotation follows the length of the input, so that more tokens change the earlier ones.</summary>
    internal static readonly string[] LengthDependentNames = ["llama-dynamic", "phi3-long"];

    internal static TheoryData<string> Cases() => [.. Names];

    internal static TheoryData<string> AllCases() => [.. Names, .. LengthDependentNames];

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
        "mpt-norms" => Mpt with { NormsQueriesAndKeys = true, ClipQkv = 1.5, KeyValueHeads = 1 },
        "mpt-positions" => Mpt with { NormsQueriesAndKeys = true, HasAlibi = false, HasBias = true, LogitScale = 0.4 },
        "llama-yarn" => Llama with { Rope = new RopeParameters { Type = RopeParameters.YarnType, Factor = 4, OriginalMaxPositions = 16, BetaFast = 2, Truncates = false } },
        "llama-3.1" => Llama with { Rope = new RopeParameters { Type = RopeParameters.Llama3Type, Factor = 8, OriginalMaxPositions = 32 } },
        "llama-dynamic" => Llama with { Rope = new RopeParameters { Type = RopeParameters.DynamicType, Factor = 2, OriginalMaxPositions = 10 }, MaxPositions = 10 },
        "mistral" => Llama with { Variant = LlamaVariant.Mistral, SlidingWindow = 5 },
        "qwen2" => Llama with { Variant = LlamaVariant.Qwen2, TiesEmbeddings = true },
        "smollm3-usual" => Llama with { Variant = LlamaVariant.SmolLm3, LayerCount = 4, RopeLayers = [true, true, true, false] },
        "gpt2-usual" => Gpt2 with { ScalesByLayer = false },
        "qwen2-window" => Llama with { Variant = LlamaVariant.Qwen2, SlidingWindow = 4, SlidingLayers = [false, true] },
        "qwen3" => Llama with { Variant = LlamaVariant.Qwen3, KeyValueHeads = 1, HeadDimension = 6 },
        "phi3" => Llama with { Variant = LlamaVariant.Phi3, Rope = new RopeParameters { PartialRotaryFactor = 0.5 }, HeadCount = 2, KeyValueHeads = 1, SlidingWindow = 6 },
        "phi3-long" => Llama with { Variant = LlamaVariant.Phi3, Rope = LongRope },
        "olmo2" => Llama with { Variant = LlamaVariant.Olmo2, KeyValueHeads = 1 },
        "smollm3" => Llama with { Variant = LlamaVariant.SmolLm3, RopeLayers = [false, true] },
        "granite" => Llama with { Variant = LlamaVariant.Granite, EmbeddingMultiplier = 2, ResidualMultiplier = 0.5, AttentionMultiplier = 0.3, LogitsDivisor = 1.5 },
        "gemma" => Gemma with { Variant = LlamaVariant.Gemma, SlidingWindow = null, SlidingLayers = [] },
        "gemma2" => Gemma with { Variant = LlamaVariant.Gemma2, QueryPreAttentionScalar = 10, AttentionSoftCap = 2, FinalSoftCap = 3 },
        "gemma3" => Gemma with { Variant = LlamaVariant.Gemma3, QueryPreAttentionScalar = 10, LocalRope = new RopeParameters { Theta = 500 } },
        "gpt2" => Gpt2,
        "opt" => Opt,
        "opt-350m" => Opt with { EmbeddingSize = 10, NormsFirst = false },
        "opt-no-final-norm" => Opt with { EmbeddingSize = 40, LacksFinalNorm = true, TiesEmbeddings = false, HasBias = false },
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

    private static LlamaConfig Llama => Small<LlamaConfig>(LlamaConfig.Type) with { BosId = 1, EosIds = [2] };

    private static LlamaConfig Gemma => Llama with
    {
        KeyValueHeads = 1,
        HeadDimension = 6,
        TiesEmbeddings = true,
        Activation = "gelu_pytorch_tanh",
        SlidingWindow = 4,
        SlidingLayers = [true, false],
    };

    private static RopeParameters LongRope => new()
    {
        Type = RopeParameters.LongRopeType,
        Factor = 6.4,
        OriginalMaxPositions = 10,
        ShortFactors = [1, 1.1, 1.3, 1.8],
        LongFactors = [1, 2, 4, 8.5],
    };

    private static Gpt2Config Gpt2 => Small<Gpt2Config>(Gpt2Config.Type) with { ScalesByLayer = true };

    private static OptConfig Opt => Small<OptConfig>(OptConfig.Type);

    private static GptNeoXConfig NeoX => Small<GptNeoXConfig>(GptNeoXConfig.Type) with { HiddenSize = 32, IntermediateSize = 48, HeadCount = 4, EosIds = [0] };

    private static MptConfig Mpt => Small<MptConfig>(MptConfig.Type) with { IntermediateSize = 96 };

    /// <summary>The class's own configuration in a small size.</summary>
    private static TConfig Small<TConfig>(string type)
        where TConfig : ModelConfig => (TConfig)(ModelConfig.Parse($$"""{"model_type":"{{type}}"}""", type) with
        {
            VocabularySize = Vocabulary,
            HiddenSize = 24,
            IntermediateSize = 40,
            LayerCount = 2,
            HeadCount = 3,
            MaxPositions = 64,
            InitializerRange = 0.3,
            BosId = null,
            EosIds = [],
            PadId = null,
        });
}
