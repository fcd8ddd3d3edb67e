using System.Runtime.InteropServices;

namespace Transfuse.Cli.Diagnosis;

/// <summary>Where a .NET SDK may be installed.</summary>
internal static class SdkPlaces
{
    /// <summary>Places in order of preference: DOTNET_ROOT, the running runtime's installation, the folders of PATH.</summary>
    internal static IReadOnlyList<string> Candidates(Func<string, string?> variable) =>
    [
        .. new[] { variable("DOTNET_ROOT"), RuntimeEnvironment.GetRuntimeDirectory() }.OfType<string>().Where(place => place.Length > 0),
        .. (variable("PATH") ?? string.Empty).Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries),
    ];
}
