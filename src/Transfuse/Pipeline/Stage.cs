using Transfuse.Artifacts;
using Transfuse.Tensors.Devices;
using Transfuse.Training;

namespace Transfuse.Pipeline;

/// <summary>One step of a run that fills one folder. Its key names what it depends on: equal keys, equal content.</summary>
internal abstract class Stage
{
    /// <summary>Name for people and for <c>metrics.jsonl</c>, for example <c>train target/fused</c>.</summary>
    internal abstract string Name { get; }

    /// <summary>Folder within the run folder, with forward slashes.</summary>
    internal abstract string Folder { get; }

    /// <summary>Stages whose results it reads.</summary>
    internal abstract IReadOnlyList<Stage> Inputs { get; }

    /// <summary>Every parameter that decides the result, as text; changes whenever the meaning of the stage's code changes.</summary>
    internal abstract string Parameters { get; }

    /// <summary>Whether the result depends on parameters and inputs alone, so that another run's result may be taken over.</summary>
    internal virtual bool IsReproducible => true;

    /// <summary>SHA-256 (hex) over parameters and what the inputs gave. The inputs must be done.</summary>
    internal string Key(RunFolder run) =>
        ContentHash.OfText(string.Join('\n', [GetType().Name, Folder, Parameters, .. Inputs.Select(input => input.ResultKey(run))]));

    /// <summary>Names the result for the keys of later stages: the key itself, unless the result depends on files outside the run.</summary>
    internal virtual string ResultKey(RunFolder run) => Key(run);

    /// <summary>Fills <paramref name="folder"/>, which may hold what an interrupted attempt left there. Long work reports progress and heeds cancellation.</summary>
    internal abstract void Run(StageContext context, string folder);

    /// <summary>Tokens that the stage trains on; 0 where it does not train.</summary>
    internal virtual long Tokens => 0;

    /// <summary>The device memory that the stage takes, or null where it needs none worth naming. Works before any stage has run.</summary>
    internal virtual MemoryEstimate? Estimate(Device device) => null;

    /// <summary>Removes from the finished folder what only an interrupted attempt would have needed.</summary>
    internal virtual void CleanUp(string folder)
    {
    }
}
