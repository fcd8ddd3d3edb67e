using Transfuse.Checkpoints;
using Transfuse.Recipes;
using Transfuse.Tokenization;

namespace Transfuse.Pipeline;

/// <summary>The configuration of a model that a recipe begins anew.</summary>
internal static class NewModelConfig
{
    // SwiGLU has three matrices where the others have two: 8/3 of the width makes blocks of equal size (Shazeer 2020), here in steps of 16.
    private const int WidthStep = 16;

    /// <summary>The configuration that a section describes, for a tokenizer.</summary>
    internal static ModelConfig From(ModelSection section, Tokenizer tokenizer) =>
        From(section, tokenizer.VocabularySize, tokenizer.BosId, tokenizer.EosId);

    /// <summary>The configuration of a model that is begun anew.</summary>
    internal static ModelConfig From(ModelSection section, int vocabularySize, int? bosId, int? eosId)
    {
        ModelConfig shape = section.Architecture switch
        {
            GptNeoXConfig.Type => GptNeoXConfig.Defaults,
            MptConfig.Type => MptConfig.Defaults,
            Gpt2Config.Type => Gpt2Config.Defaults,
            OptConfig.Type => OptConfig.Defaults,
            _ => Llama(section),
        };
        return shape with
        {
            VocabularySize = vocabularySize,
            HiddenSize = section.Hidden,
            IntermediateSize = section.Intermediate ?? (shape is LlamaConfig ? GatedWidth(section.Hidden) : 4 * section.Hidden),
            LayerCount = section.Layers,
            HeadCount = section.Heads,
            MaxPositions = section.Context,
            TiesEmbeddings = shape is MptConfig ? shape.TiesEmbeddings : section.TiedEmbeddings,
            BosId = bosId,
            EosIds = eosId is { } id ? [id] : [],
            PadId = null,
        };
    }

    private static int GatedWidth(int hidden) => ((8 * hidden / 3) + WidthStep - 1) / WidthStep * WidthStep;

    private static LlamaConfig Llama(ModelSection section)
    {
        var variant = LlamaVariant.All.First(variant => variant.ModelType.Equals(section.Architecture ?? LlamaConfig.Type, StringComparison.Ordinal));
        return LlamaDefaults.Of(LlamaVariant.Llama) with
        {
            Variant = variant,
            Activation = variant.IsGemma ? "gelu_pytorch_tanh" : "silu",
            KeyValueHeads = section.KeyValueHeads,
            NormEpsilon = 1e-5,
        };
    }
}
