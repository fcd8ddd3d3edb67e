using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Transfuse.Tensors.Devices;

/// <summary>Which tiers this processor has, and which one to use.</summary>
public static class KernelTiers
{
    /// <summary>Environment variable that forces a tier: <c>scalar</c>, <c>128</c>, <c>256</c>, <c>512</c> or <c>512+bf16</c>.</summary>
    public const string EnvironmentVariable = "TRANSFUSE_KERNEL_TIER";

    /// <summary>The best tier of this processor, ignoring the environment.</summary>
    public static KernelTier Best =>
        Vector512.IsHardwareAccelerated ? (HasBFloat16 ? KernelTier.Vector512BFloat16 : KernelTier.Vector512)
        : Vector256.IsHardwareAccelerated ? KernelTier.Vector256
        : Vector128.IsHardwareAccelerated ? KernelTier.Vector128
        : KernelTier.Scalar;

    /// <summary>Every tier that this processor can run, lowest first.</summary>
    public static IReadOnlyList<KernelTier> Available =>
        [.. Enum.GetValues<KernelTier>().Where(tier => tier <= Best)];

    /// <summary>
    /// Whether products in bfloat16 are faster than in float32 here. Intel's cores start VDPBF16PS every other cycle and multiply float32 twice a
    /// cycle (measured on an Emerald Rapids: half the rate); AMD's since Zen 4 gain up to twice the rate.
    /// </summary>
    public static bool PrefersBFloat16 => FromEnvironment() == KernelTier.Vector512BFloat16 && !IsIntel;

    /// <summary>Whether the processor multiplies vectors of 8-bit integers (AVX512_VNNI: CPUID leaf 7, ECX bit 11; .NET has no class for it).</summary>
    public static bool HasIntegerProducts =>
        Vector512.IsHardwareAccelerated && X86Base.IsSupported && X86Base.CpuId(0, 0).Eax >= 7 && (X86Base.CpuId(7, 0).Ecx & (1 << 11)) != 0;

    // CPUID leaf 0: the vendor's name in EBX, EDX, ECX; "Genu" begins Intel's.
    private static bool IsIntel => X86Base.IsSupported && X86Base.CpuId(0, 0).Ebx == 0x756E_6547;

    // CPUID leaf 7, sub-leaf 1, EAX bit 5; .NET has no class for it.
    private static bool HasBFloat16 => X86Base.IsSupported && X86Base.CpuId(0, 0).Eax >= 7 && (X86Base.CpuId(7, 1).Eax & (1 << 5)) != 0;

    /// <summary>The tier that the environment variable asks for, or the best one.</summary>
    /// <exception cref="ArgumentException">The variable names no tier, or one that this processor lacks.</exception>
    public static KernelTier FromEnvironment() => Parse(Environment.GetEnvironmentVariable(EnvironmentVariable));

    /// <summary>Reads a tier's name; null or empty means the best one.</summary>
    /// <exception cref="ArgumentException">The name is unknown, or this processor lacks the tier.</exception>
    public static KernelTier Parse(string? name)
    {
        KernelTier? tier = name switch
        {
            null or "" => Best,
            "scalar" => KernelTier.Scalar,
            "128" => KernelTier.Vector128,
            "256" => KernelTier.Vector256,
            "512" => KernelTier.Vector512,
            "512+bf16" => KernelTier.Vector512BFloat16,
            _ => null,
        };
        return tier switch
        {
            null => throw new ArgumentException($"{EnvironmentVariable}={name} is no kernel tier; use scalar, 128, 256, 512 or 512+bf16.", nameof(name)),
            { } t when t > Best => throw new ArgumentException($"{EnvironmentVariable}={name}: this processor goes up to {ToName(Best)}.", nameof(name)),
            { } t => t,
        };
    }

    /// <summary>The name that <see cref="Parse"/> reads.</summary>
    public static string ToName(KernelTier tier) => tier switch
    {
        KernelTier.Scalar => "scalar",
        KernelTier.Vector128 => "128",
        KernelTier.Vector256 => "256",
        KernelTier.Vector512 => "512",
        _ => "512+bf16",
    };
}
