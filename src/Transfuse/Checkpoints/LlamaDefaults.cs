namespace Transfuse.Checkpoints;

/// <summary>What the classes of the Llama family take in transformers 5 for keys that a file does not have.</summary>
internal static class LlamaDefaults
{
    /// <summary>The configuration of an empty file.</summary>
    internal static LlamaConfig Of(LlamaVariant variant)
    {
        var llama = Sized(variant, 32000, 4096, 11008, 32, 32, 2048) with { BosId = 1, EosIds = [2] };
        var qwen = Sized(variant, 151936, 4096, 22016, 32, 32, 32768) with { KeyValueHeads = 32, SlidingWindow = 4096 };
        return variant.ModelType switch
        {
            "mistral" => llama with { IntermediateSize = 14336, KeyValueHeads = 8, MaxPositions = 131072, SlidingWindow = 4096 },
            "qwen2" => qwen,
            "qwen3" => qwen with { HeadDimension = 128 },
            "phi3" => Sized(variant, 32064, 3072, 8192, 32, 32, 4096) with
            {
                NormEpsilon = 1e-5,
                BosId = 1,
                EosIds = [32000],
                PadId = 32000,
                Rope = new RopeParameters { OriginalMaxPositions = 4096 },
            },
            "olmo2" => Sized(variant, 50304, 4096, 11008, 32, 32, 2048) with { NormEpsilon = 1e-5, EosIds = [50279], PadId = 1 },
            "smollm3" => Sized(variant, 128256, 2048, 11008, 36, 16, 32768) with
            {
                KeyValueHeads = 4,
                TiesEmbeddings = true,
                Rope = new RopeParameters { Theta = 2e6 },
                BosId = 128000,
                EosIds = [128001],
                PadId = 128004,
            },
            "granite" => llama with { AttentionMultiplier = 1 },
            "gemma" => Gemma(variant, 256000, 3072, 24576, 28, 16, 8192) with { KeyValueHeads = 16 },
            "gemma2" => Gemma(variant, 256000, 2304, 9216, 26, 8, 8192) with
            {
                KeyValueHeads = 4,
                SlidingWindow = 4096,
                QueryPreAttentionScalar = 256,
                AttentionSoftCap = 50,
                FinalSoftCap = 30,
            },
            "gemma3_text" => Gemma(variant, 262208, 2304, 9216, 26, 8, 131072) with
            {
                KeyValueHeads = 4,
                SlidingWindow = 4096,
                QueryPreAttentionScalar = 256,
                Rope = new RopeParameters { Theta = 1e6 },
            },
            _ => llama,
        };
    }

    private static LlamaConfig Sized(LlamaVariant variant, int vocabulary, int hidden, int intermediate, int layers, int heads, int positions) => new()
    {
        Variant = variant,
        VocabularySize = vocabulary,
        HiddenSize = hidden,
        IntermediateSize = intermediate,
        LayerCount = layers,
        HeadCount = heads,
        MaxPositions = positions,
    };

    private static LlamaConfig Gemma(LlamaVariant variant, int vocabulary, int hidden, int intermediate, int layers, int heads, int positions) =>
        Sized(variant, vocabulary, hidden, intermediate, layers, heads, positions) with
        {
            HeadDimension = 256,
            Activation = "gelu_pytorch_tanh",
            TiesEmbeddings = true,
            PadId = 0,
            EosIds = [1],
            BosId = 2,
        };
}
