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
        int[] eos = eosId is { } id ? [id] : [];
        return section.Architecture switch
        {
            GptNeoXConfig.Type => new GptNeoXConfig
            {
                VocabularySize = vocabularySize,
                HiddenSize = section.Hidden,
                IntermediateSize = section.Intermediate ?? 4 * section.Hidden,
                LayerCount = section.Layers,
                HeadCount = section.Heads,
                MaxPositions = section.Context,
                TiesEmbeddings = section.TiedEmbeddings,
                BosId = bosId,
                EosIds = eos,
            },
            MptConfig.Type => new MptConfig
            {
                VocabularySize = vocabularySize,
                HiddenSize = section.Hidden,
                IntermediateSize = section.Intermediate ?? 4 * section.Hidden,
                LayerCount = section.Layers,
                HeadCount = section.Heads,
                MaxPositions = section.Context,
                BosId = bosId,
                EosIds = eos,
            },
            Gpt2Config.Type => new Gpt2Config
            {
                VocabularySize = vocabularySize,
                HiddenSize = section.Hidden,
                IntermediateSize = section.Intermediate ?? 4 * section.Hidden,
                LayerCount = section.Layers,
                HeadCount = section.Heads,
                MaxPositions = section.Context,
                TiesEmbeddings = section.TiedEmbeddings,
                BosId = bosId,
                EosIds = eos,
            },
            OptConfig.Type => new OptConfig
            {
                VocabularySize = vocabularySize,
                HiddenSize = section.Hidden,
                IntermediateSize = section.Intermediate ?? 4 * section.Hidden,
                LayerCount = section.Layers,
                HeadCount = section.Heads,
                MaxPositions = section.Context,
                TiesEmbeddings = section.TiedEmbeddings,
                BosId = bosId,
                EosIds = eos,
            },
            _ => Llama(section, vocabularySize, bosId, eos),
        };
    }

    private static LlamaConfig Llama(ModelSection section, int vocabularySize, int? bosId, int[] eos)
    {
        var variant = LlamaVariant.All.First(variant => variant.ModelType.Equals(section.Architecture ?? LlamaConfig.Type, StringComparison.Ordinal));
        return new LlamaConfig
        {
            Variant = variant,
            Activation = variant.IsGemma ? "gelu_pytorch_tanh" : "silu",
            VocabularySize = vocabularySize,
            HiddenSize = section.Hidden,
            IntermediateSize = section.Intermediate ?? ((8 * section.Hidden / 3) + WidthStep - 1) / WidthStep * WidthStep,
            LayerCount = section.Layers,
            HeadCount = section.Heads,
            KeyValueHeads = section.KeyValueHeads,
            MaxPositions = section.Context,
            NormEpsilon = 1e-5,
            TiesEmbeddings = section.TiedEmbeddings,
            BosId = bosId,
            EosIds = eos,
        };
    }
}
