using Transfuse.Models;
using Transfuse.Recipes;
using Transfuse.Tensors.Devices;
using Transfuse.Tensors.Random;
using Transfuse.Tokenization;
using Transfuse.Training;

namespace Transfuse.Pipeline.Stages;

/// <summary>What a model starts from and learns from.</summary>
internal sealed record TrainingPlan
{
    /// <summary>The texts of the run.</summary>
    internal required CorpusStage Corpus { get; init; }

    /// <summary>Which of them the model sees.</summary>
    internal required TrainingText Text { get; init; }

    /// <summary>Seed of initial weights and of the order of documents.</summary>
    internal required long Seed { get; init; }

    /// <summary>The model to go on with; null begins anew from <see cref="Architecture"/>.</summary>
    internal ModelStage? Base { get; init; }

    /// <summary>Architecture to begin anew.</summary>
    internal ModelSection? Architecture { get; init; }

    /// <summary>Tokenizer of a model begun anew; null takes the folder that <see cref="ModelSection.Tokenizer"/> names.</summary>
    internal TokenizerStage? Tokenizer { get; init; }

    /// <summary>Teacher beside the text, or null.</summary>
    internal FusedTeacher? Teacher { get; init; }

    internal IReadOnlyList<Stage> Inputs => [Corpus, .. new Stage?[] { Base, Tokenizer }.OfType<Stage>(), .. Teacher?.Stores ?? []];

    internal string Describe() => FormattableString.Invariant($"{Text} seed {Seed} {Architecture} {Teacher?.Describe()}");

    internal string TokenizerFolder(RunFolder run) =>
        Base is not null ? Base.ModelFolder(run) : Tokenizer is not null ? run.At(Tokenizer.Folder) : Architecture!.Tokenizer!;

    /// <summary>The model before the first step.</summary>
    internal LanguageModel Begin(RunFolder run, Device device, Tokenizer tokenizer) => Base is not null
        ? PretrainedModel.Load(Base.ModelFolder(run), device)
        : PretrainedModel.Create(NewModelConfig.From(Architecture!, tokenizer), device, new RandomStream(Seed, "weights"));

    /// <summary>The model on a device for rehearsals, while stages that it builds on have not run: to train (float32), or as it is loaded afterwards.</summary>
    internal LanguageModel Rehearse(Device rehearsal, WeightPrecision precision)
    {
        if (Base is not null)
        {
            return Base.Rehearse(rehearsal, precision);
        }

        var config = Tokenizer is null
            ? NewModelConfig.From(Architecture!, TokenizerFile.Load(Architecture!.Tokenizer!))
            : NewModelConfig.From(Architecture!, Tokenizer.Vocabulary, bosId: null, eosId: null);
        return PretrainedModel.Rehearse(config, rehearsal, precision);
    }

    /// <summary>The training documents, with the teacher's distributions where there is one.</summary>
    internal IReadOnlyList<TrainingDocument> Documents(StageContext context, RunCorpus corpus, Tokenizer tokenizer, LanguageModel model, string folder)
    {
        var documents = Text.Of(corpus);
        return Teacher is null
            ? [.. documents.Select(document => new TrainingDocument(TrainingTokens.Of(tokenizer, document.Text)))]
            : Teacher.Teach(context, documents, tokenizer, model.VocabularySize, folder);
    }
}
