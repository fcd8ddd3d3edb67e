using System.Runtime.InteropServices;
using Transfuse.Cli.Output;
using Transfuse.Corpora.SdkDocumentation;
using Transfuse.Errors;
using Transfuse.Tensors.Devices;

namespace Transfuse.Cli.Diagnosis;

/// <summary>The things that doctor looks at besides the kernels.</summary>
internal static class HealthChecks
{
    private const long LeastDiskBytes = 1_000_000_000;

    /// <summary>Which kernel tier will be used.</summary>
    /// <param name="forced">Value of the variable that forces a tier, or null.</param>
    internal static HealthCheck KernelTier(string? forced)
    {
        const string name = "kernel tier";
        try
        {
            var tier = KernelTiers.Parse(forced);
            return tier < KernelTiers.Best
                ? new HealthCheck(name, HealthState.Warning, $"{KernelTiers.ToName(tier)}, forced by {KernelTiers.EnvironmentVariable}; the best here is {KernelTiers.ToName(KernelTiers.Best)}")
                : new HealthCheck(name, HealthState.Good, KernelTiers.ToName(tier));
        }
        catch (ArgumentException exception)
        {
            return new HealthCheck(name, HealthState.Fault, exception.Message);
        }
    }

    /// <summary>Whether files can be written to the temporary folder.</summary>
    internal static HealthCheck TemporaryFolder(string folder)
    {
        const string name = "temporary folder";
        var probe = Path.Combine(folder, $"transfuse-doctor-{Environment.ProcessId}");
        try
        {
            File.WriteAllText(probe, "probe");
            File.Delete(probe);
            return new HealthCheck(name, HealthState.Good, $"{folder} can be written");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return new HealthCheck(name, HealthState.Fault, $"{folder} cannot be written ({exception.Message}); set TMPDIR to a folder that can");
        }
    }

    /// <summary>Whether there is room for checkpoints.</summary>
    internal static HealthCheck Disk(long? freeBytes)
    {
        const string name = "disk";
        return freeBytes switch
        {
            null => new HealthCheck(name, HealthState.Warning, "free space is unknown"),
            < LeastDiskBytes => new HealthCheck(name, HealthState.Warning, $"only {ProgressText.Bytes(freeBytes.Value)} free"),
            _ => new HealthCheck(name, HealthState.Good, $"{ProgressText.Bytes(freeBytes.Value)} free"),
        };
    }

    /// <summary>Whether the garbage collector keeps out of the way of the kernels' threads.</summary>
    internal static HealthCheck GarbageCollection(bool isServer) => isServer
        ? new HealthCheck("garbage collector", HealthState.Warning, "server mode, whose threads compete with the kernels; unset DOTNET_gcServer")
        : new HealthCheck("garbage collector", HealthState.Good, "workstation mode");

    /// <summary>Whether the texts of <c>source: sdk-docs</c> are there.</summary>
    internal static HealthCheck SdkDocumentation(Func<string, string?> variable)
    {
        const string name = "sdk-docs";
        try
        {
            var packs = ReferencePackLocator.Find(SdkPlaces.Candidates(variable));
            return new HealthCheck(name, HealthState.Good, string.Join(", ", packs));
        }
        catch (CorpusException)
        {
            return new HealthCheck(
                name, HealthState.Warning, $"no .NET SDK with documentation found, so recipes with source: sdk-docs cannot run ({RuntimeInformation.FrameworkDescription})");
        }
    }
}
