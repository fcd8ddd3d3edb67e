using Transfuse.Models;
using Transfuse.Tensors.Devices;

namespace Transfuse.Pipeline.Stages;

/// <summary>A stage whose result is a model with its tokenizer.</summary>
internal abstract class ModelStage : Stage
{
    /// <summary>Name of the model in tables, for example <c>source/data</c>.</summary>
    internal abstract string Model { get; }

    /// <summary>The Hugging Face folder of the finished model.</summary>
    internal virtual string ModelFolder(RunFolder run) => run.At(Folder);

    /// <summary>The model on a device for rehearsals, before the stage has run.</summary>
    internal abstract LanguageModel Rehearse(Device rehearsal, WeightPrecision precision);
}
