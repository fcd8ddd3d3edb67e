using System.Diagnostics.CodeAnalysis;

namespace Transfuse.Checkpoints.Hub;

/// <summary>Name of a model on the hub: <c>organisation/name</c>, with <c>@revision</c> for a branch, tag or commit.</summary>
/// <param name="Name"><c>organisation/name</c>; some old models have no organisation.</param>
/// <param name="Revision">Branch, tag or commit.</param>
public sealed record HubModel(string Name, string Revision)
{
    /// <summary>The branch that is meant when none is named.</summary>
    public const string MainRevision = "main";

    private const int MaxNameLength = 96;
    private const int MaxRevisionLength = 256;

    /// <summary>Reads a name.</summary>
    /// <param name="text"><c>organisation/name</c> or <c>name</c>, with or without <c>@revision</c>.</param>
    /// <param name="model">The name, or null.</param>
    /// <returns>Whether the text is such a name.</returns>
    public static bool TryParse(string text, [NotNullWhen(true)] out HubModel? model)
    {
        ArgumentNullException.ThrowIfNull(text);
        var at = text.IndexOf('@', StringComparison.Ordinal);
        var name = at < 0 ? text : text[..at];
        var revision = at < 0 ? MainRevision : text[(at + 1)..];
        model = IsName(name) && IsRevision(revision) ? new HubModel(name, revision) : null;
        return model is not null;
    }

    /// <inheritdoc/>
    public override string ToString() => string.Equals(Revision, MainRevision, StringComparison.Ordinal) ? Name : $"{Name}@{Revision}";

    private static bool IsName(string name)
    {
        var parts = name.Split('/');
        return name.Length <= MaxNameLength && parts.Length <= 2 && parts.All(IsNamePart) && !name.Contains("--", StringComparison.Ordinal);
    }

    private static bool IsNamePart(string part) => part.Length > 0 && part[0] is not ('.' or '-') && part[^1] is not ('.' or '-')
        && !part.Contains("..", StringComparison.Ordinal) && part.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.');

    private static bool IsRevision(string revision) => revision.Length is > 0 and <= MaxRevisionLength
        && revision.Split('/').All(part => part.Length > 0 && part[0] is not ('.' or '-') && part.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' or '+'));
}
