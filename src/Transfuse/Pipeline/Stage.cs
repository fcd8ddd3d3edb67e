using System.Security.Cryptography;
using System.Text;

namespace Transfuse.Pipeline;

/// <summary>One step of a run that fills one folder. Its key names what it depends on: equal keys, equal content.</summary>
internal abstract class Stage
{
    private string? _key;

    /// <summary>Name for people and for <c>metrics.jsonl</c>, for example <c>train target/fused</c>.</summary>
    internal abstract string Name { get; }

    /// <summary>Folder within the run folder, with forward slashes.</summary>
    internal abstract string Folder { get; }

    /// <summary>Stages whose results it reads.</summary>
    internal abstract IReadOnlyList<Stage> Inputs { get; }

    /// <summary>Every parameter that decides the result, as text; changes whenever the meaning of the stage's code changes.</summary>
    internal abstract string Parameters { get; }

    /// <summary>SHA-256 (hex) over parameters and the keys of the inputs.</summary>
    internal string Key => _key ??= Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(
        string.Join('\n', [GetType().Name, Folder, Parameters, .. Inputs.Select(input => input.Key)]))));

    /// <summary>Fills <paramref name="folder"/>, which may hold what an interrupted attempt left there. Long work reports progress and heeds cancellation.</summary>
    internal abstract void Run(StageContext context, string folder);
}
