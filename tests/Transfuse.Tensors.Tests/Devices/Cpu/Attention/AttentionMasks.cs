using Transfuse.Tensors.Devices;

namespace Transfuse.Tensors.Tests.Devices.Cpu.Attention;

/// <summary>Options that use every mask and bias, alone and together.</summary>
internal static class AttentionMasks
{
    private static readonly AttentionOptions s_plain = AttentionCase.NewOptions(4, 2, 16);
    private static readonly float[] s_slopes = [0.5f, 0.25f, 0.125f, 0.0625f];

    internal static IReadOnlyDictionary<string, AttentionOptions> All { get; } = new Dictionary<string, AttentionOptions>(StringComparer.Ordinal)
    {
        ["causal"] = s_plain,
        ["bidirectional"] = s_plain with { Causal = false },
        ["window 1"] = s_plain with { Window = 1 },
        ["window 20"] = s_plain with { Window = 20 },
        ["window 64"] = s_plain with { Window = 64 },
        ["window 101"] = s_plain with { Window = 101 },
        ["window without end"] = s_plain with { Window = int.MaxValue },
        ["window alone"] = s_plain with { Causal = false, Window = 33 },
        ["soft cap"] = s_plain with { SoftCap = 0.7f },
        ["wide soft cap"] = s_plain with { SoftCap = 50, Scale = 3 },
        ["alibi"] = s_plain with { AlibiSlopes = s_slopes },
        ["alibi both ways"] = s_plain with { AlibiSlopes = s_slopes, Causal = false },
        ["relative"] = s_plain with { RelativeBias = new RelativeBuckets(32, 128, IsBidirectional: false) },
        ["relative both ways"] = s_plain with { Causal = false, RelativeBias = new RelativeBuckets(32, 128, IsBidirectional: true) },
        ["few relative both ways"] = s_plain with { Causal = false, RelativeBias = new RelativeBuckets(4, 5, IsBidirectional: true) },
        ["relative capped in a window"] = s_plain with { SoftCap = 2, Window = 70, RelativeBias = new RelativeBuckets(7, 20, IsBidirectional: false) },
        ["all"] = s_plain with { SoftCap = 2, AlibiSlopes = s_slopes, Window = 70 },
    };
}
