namespace Transfuse.Tests.Shared;

/// <summary>Finds the reference material that lies beside the project, and lists its cases.</summary>
internal static class Golden
{
    /// <summary>The folder of goldens: TRANSFUSE_GOLDEN, or ../shared/golden beside the repository. May not exist.</summary>
    internal static string Root { get; } = Environment.GetEnvironmentVariable("TRANSFUSE_GOLDEN") is { Length: > 0 } folder
        ? Path.GetFullPath(folder)
        : Path.Combine(RepositoryRoot(), "..", "shared", "golden");

    /// <summary>The folder of real data beside the goldens. May not exist.</summary>
    internal static string Data => Path.Combine(Root, "..", "data");

    /// <summary>The folder that contains Transfuse.slnx.</summary>
    internal static string RepositoryRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Transfuse.slnx")))
            {
                return folder.FullName;
            }
        }

        throw new InvalidOperationException("Transfuse.slnx was not found above the test assembly.");
    }

    /// <summary>Sub-folders of an area of goldens, by name; empty where the area is absent (the test is then skipped).</summary>
    internal static TheoryData<string> Cases(string area)
    {
        var folder = Path.Combine(Root, area);
        IEnumerable<string> cases = Directory.Exists(folder) ? Directory.GetDirectories(folder) : [];
        return [.. cases.Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];
    }

    /// <summary>Why a test of this area cannot run, or null if it can.</summary>
    internal static string? SkipReason(string area) => Directory.Exists(Path.Combine(Root, area))
        ? null
        : $"The goldens '{area}' are not here; set TRANSFUSE_GOLDEN to the folder that contains them.";
}
