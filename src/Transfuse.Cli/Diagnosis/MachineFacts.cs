using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;
using Transfuse.Tensors.Devices;

namespace Transfuse.Cli.Diagnosis;

/// <summary>What a bug report needs to know about the machine.</summary>
internal sealed record MachineFacts
{
    public required string OperatingSystem { get; init; }

    public required string Runtime { get; init; }

    public required string Processor { get; init; }

    public required IReadOnlyList<string> Features { get; init; }

    public required int Cores { get; init; }

    /// <summary>Bytes of memory that this process may use.</summary>
    public required long MemoryBytes { get; init; }

    public required string TemporaryFolder { get; init; }

    /// <summary>Free bytes where the folder of work lies, or null where that is unknown.</summary>
    public required long? FreeDiskBytes { get; init; }

    public required bool IsServerGarbageCollection { get; init; }

    /// <summary>Looks at the machine.</summary>
    /// <param name="folder">The folder of work.</param>
    internal static MachineFacts Collect(string folder) => new()
    {
        OperatingSystem = $"{RuntimeInformation.OSDescription} ({RuntimeInformation.OSArchitecture.ToString().ToLowerInvariant()})",
        Runtime = RuntimeInformation.FrameworkDescription,
        Processor = ProcessorName(),
        Features = ProcessorFeatures(),
        Cores = Environment.ProcessorCount,
        MemoryBytes = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes,
        TemporaryFolder = Path.GetTempPath(),
        FreeDiskBytes = FreeDisk(folder),
        IsServerGarbageCollection = System.Runtime.GCSettings.IsServerGC,
    };

    private static string ProcessorName()
    {
        const string cpuInfo = "/proc/cpuinfo";
        var line = File.Exists(cpuInfo)
            ? File.ReadLines(cpuInfo).FirstOrDefault(text => text.StartsWith("model name", StringComparison.Ordinal))
            : null;
        return line is null ? RuntimeInformation.ProcessArchitecture.ToString() : line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim();
    }

    private static string[] ProcessorFeatures()
    {
        (string Name, bool IsThere)[] features =
        [
            ("sse4.2", Sse42.IsSupported), ("avx", Avx.IsSupported), ("avx2", Avx2.IsSupported), ("fma", Fma.IsSupported),
            ("avx512f", Avx512F.IsSupported), ("avx512bw", Avx512BW.IsSupported), ("avx512dq", Avx512DQ.IsSupported),
            ("avx512vbmi", Avx512Vbmi.IsSupported), ("avx512vnni", KernelTiers.HasIntegerProducts),
            ("avx512bf16", KernelTiers.Best == KernelTier.Vector512BFloat16),
            ("neon", AdvSimd.IsSupported), ("dotprod", Dp.IsSupported),
        ];
        return [.. features.Where(feature => feature.IsThere).Select(feature => feature.Name)];
    }

    private static long? FreeDisk(string folder)
    {
        try
        {
            return new DriveInfo(folder).AvailableFreeSpace;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return null;
        }
    }
}
