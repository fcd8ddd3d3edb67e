namespace Transfuse.Checkpoints.Hub;

/// <summary>Which files of a model to pull, by patterns such as <c>*.json</c>, in which a star stands for slashes too.</summary>
public sealed record HubSelection
{
    /// <summary>What Transfuse reads of a model: configuration, tokenizer, chat template, safetensors weights.</summary>
    public static readonly IReadOnlyList<string> ModelFiles =
        ["*.json", "*.safetensors", "*.model", "*.jinja", "vocab.txt", "merges.txt", "README.md", "LICENSE*"];

    /// <summary>Patterns of which a file must match one.</summary>
    public IReadOnlyList<string> Include { get; init; } = ModelFiles;

    /// <summary>Patterns of which a file must match none.</summary>
    public IReadOnlyList<string> Exclude { get; init; } = [];

    /// <summary>Whether a file belongs to it.</summary>
    public bool Contains(string path) => Include.Any(pattern => GlobPattern.Matches(pattern, path)) && !Exclude.Any(pattern => GlobPattern.Matches(pattern, path));
}
