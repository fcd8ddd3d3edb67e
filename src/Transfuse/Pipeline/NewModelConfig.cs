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
    internal static ModelConfig From(ModelSection section, Tokenizer tokenizer)
    {
        int[] eos = tokenizer.EosId is { } id ? [id] : [];
        return section.Architecture switch
        {
            GptNeoXConfig.Type => new GptNeoXConfig
            {
                VocabularySize = tokenizer.VocabularySize,
                HiddenSize = section.Hidden,
                IntermediateSize = section.Intermediate ?? 4 * section.Hidden,
                LayerCount = section.Layers,
                HeadCount = section.Heads,
                MaxPositions = section.Context,
                TiesEmbeddings = section.TiedEmbeddings,
                BosId = tokenizer.BosId,
                EosIds = eos,
            },
            MptConfig.Type => new MptConfig
            {
                VocabularySize = tokenizer.VocabularySize,
                HiddenSize = section.Hidden,
                IntermediateSize = section.Intermediate ?? 4 * section.Hidden,
                LayerCount = section.Layers,
                HeadCount = section.Heads,
                MaxPositions = section.Context,
                BosId = tokenizer.BosId,
                EosIds = eos,
            },
            Gpt2Config.Type => new Gpt2Config
            {
                VocabularySize = tokenizer.VocabularySize,
                HiddenSize = section.Hidden,
                IntermediateSize = section.Intermediate ?? 4 * section.Hidden,
                LayerCount = section.Layers,
                HeadCount = section.Heads,
                MaxPositions = section.Context,
                TiesEmbeddings = section.TiedEmbeddings,
                BosId = tokenizer.BosId,
                EosIds = eos,
            },
            OptConfig.Type => new OptConfig
            {
                VocabularySize = tokenizer.VocabularySize,
                HiddenSize = section.Hidden,
                IntermediateSize = section.Intermediate ?? 4 * section.Hidden,
                LayerCount = section.Layers,
                HeadCount = section.Heads,
                MaxPositions = section.Context,
                TiesEmbeddings = section.TiedEmbeddings,
                BosId = tokenizer.BosId,
                EosIds = eos,
            },
            _ => Llama(section, tokenizer, eos),
        };
    }

    private static LlamaConfig Llama(ModelSection section, Tokenizer tokenizer, int[] eos)
    {
        var variant = LlamaVariant.All.First(variant => variant.ModelType.Equals(section.Architecture ?? LlamaConfig.Type, StringComparison.Ordinal));
        return new LlamaConfig
        {
            Variant = variant,
            Activation = variant.IsGemma ? "gelu_pytorch_tanh" : "silu",
            VocabularySize = tokenizer.VocabularySize,
            HiddenSize = section.Hidden,
            IntermediateSize = section.Intermediate ?? ((8 * section.Hidden / 3) + WidthStep - 1) / WidthStep * WidthStep,
            LayerCount = section.Layers,
            HeadCount = section.Heads,
            KeyValueHeads = section.KeyValueHeads,
            MaxPositions = section.Context,
            NormEpsilon = 1e-5,
            TiesEmbeddings = section.TiedEmbeddings,
            BosId = tokenizer.BosId,
            EosIds = eos,
        };
    }
}
