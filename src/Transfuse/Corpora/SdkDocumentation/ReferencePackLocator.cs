using Transfuse.Errors;

namespace Transfuse.Corpora.SdkDocumentation;

/// <summary>Finds the reference packs of a .NET installation: the folders with one XML documentation file an assembly.</summary>
public static class ReferencePackLocator
{
    // The second pack repeats files of the first; what both have is taken from the first.
    private static readonly string[] PackNames = ["Microsoft.NETCore.App.Ref", "Microsoft.AspNetCore.App.Ref"];

    /// <summary>The newest version of each pack at the first place that has any.</summary>
    /// <param name="candidates">
    /// Places to try in order: a .NET root, a folder below one (a runtime's), the <c>dotnet</c> program, or a folder that holds (a link to) it.
    /// </param>
    /// <returns>The folders that hold the XML files, at least one.</returns>
    /// <exception cref="CorpusException">No place has a pack with documentation.</exception>
    public static IReadOnlyList<string> Find(IReadOnlyList<string> candidates)
    {
        ArgumentNullException.ThrowIfNull(candidates);
        foreach (var root in candidates.Where(candidate => candidate.Length > 0).SelectMany(PossibleRoots))
        {
            var packs = PackNames.Select(name => NewestDocumentation(Path.Combine(root, "packs", name))).OfType<string>().ToList();
            if (packs.Count > 0)
            {
                return packs;
            }
        }

        throw new CorpusException(
            candidates.Count == 0 ? "packs" : string.Join(", ", candidates),
            $"no .NET reference pack with documentation found (packs/{PackNames[0]}/<version>/ref/<framework>/*.xml). "
            + "Install the .NET SDK (a runtime alone has none), or name its folder.");
    }

    private static IEnumerable<string> PossibleRoots(string candidate)
    {
        var path = Path.TrimEndingDirectorySeparator(Path.GetFullPath(candidate));
        foreach (var program in new[] { path, Path.Combine(path, "dotnet"), Path.Combine(path, "dotnet.exe") })
        {
            if (File.Exists(program))
            {
                var target = new FileInfo(program).ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? program;
                yield return Path.GetDirectoryName(target)!;
            }
        }

        // shared/Microsoft.NETCore.App/<version> and sdk/<version> lie three and two levels below the root.
        const int deepest = 3;
        var folder = path;
        for (var level = 0; level <= deepest && folder is not null; level++)
        {
            yield return folder;
            folder = Path.GetDirectoryName(folder);
        }
    }

    private static string? NewestDocumentation(string pack)
    {
        if (!Directory.Exists(pack))
        {
            return null;
        }

        return Directory.EnumerateDirectories(pack)
            .OrderByDescending(folder => VersionOf(Path.GetFileName(folder)))
            .ThenByDescending(folder => folder, StringComparer.Ordinal)
            .Select(folder => Path.Combine(folder, "ref"))
            .Where(Directory.Exists)
            .SelectMany(folder => Directory.EnumerateDirectories(folder).OrderDescending(StringComparer.Ordinal))
            .FirstOrDefault(folder => Directory.EnumerateFiles(folder, "*.xml").Any());
    }

    private static (Version Number, bool Released) VersionOf(string name)
    {
        var dash = name.IndexOf('-', StringComparison.Ordinal);
        return (Version.TryParse(dash < 0 ? name : name[..dash], out var number) ? number : new Version(0, 0), dash < 0);
    }
}
