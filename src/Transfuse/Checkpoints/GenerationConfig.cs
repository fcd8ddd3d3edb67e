using Transfuse.Errors;

namespace Transfuse.Checkpoints;

/// <summary>What a folder's <c>generation_config.json</c> says about where a text ends. It may name more ids than <c>config.json</c>, such as those that end a turn of a chat.</summary>
/// <param name="EosIds">Ids that end a text; none where the file is silent.</param>
public sealed record GenerationConfig(IReadOnlyList<int> EosIds)
{
    /// <summary>Name of the file in a model folder.</summary>
    public const string FileName = "generation_config.json";

    /// <summary>Reads the file of a folder; without one, nothing is said.</summary>
    /// <exception cref="ModelFormatException">The file is no JSON, or a key holds what it cannot.</exception>
    public static GenerationConfig Load(string folder)
    {
        ArgumentNullException.ThrowIfNull(folder);
        var path = Path.Combine(folder, FileName);
        return File.Exists(path)
            ? JsonInput.ReadFile(path, root => new GenerationConfig(new ConfigReader(root, path).Ids("eos_token_id", [])))
            : new GenerationConfig([]);
    }
}
