namespace Transfuse.Tensors.Devices.Cpu.Gemm.Bf16;

/// <summary>The assembled loops that pack elements of one type, in the order of <see cref="BFloat16Code"/>.</summary>
internal readonly unsafe struct PackingLoops(byte* code, List<int> starts)
{
    /// <summary>Number of loops.</summary>
    internal const int Count = 6;

    private readonly delegate* unmanaged[SuppressGCTransition]<PackingCall*, void>
        _copy16 = At(code, starts[0]), _copy32 = At(code, starts[1]), _copy48 = At(code, starts[2]), _copy8 = At(code, starts[3]);

    /// <summary>Lines that lie side by side, into a panel of 8, 16, 32 or 48.</summary>
    internal delegate* unmanaged[SuppressGCTransition]<PackingCall*, void> Copy(int width) => width switch
    {
        8 => _copy8,
        16 => _copy16,
        32 => _copy32,
        _ => _copy48,
    };

    /// <summary>32 lines that lie side by side, into four panels of eight.</summary>
    internal delegate* unmanaged[SuppressGCTransition]<PackingCall*, void> CopyGroup { get; } = At(code, starts[4]);

    /// <summary>Eight lines whose elements lie side by side.</summary>
    internal delegate* unmanaged[SuppressGCTransition]<PackingCall*, void> Transpose { get; } = At(code, starts[5]);

    private static delegate* unmanaged[SuppressGCTransition]<PackingCall*, void> At(byte* code, int start) =>
        (delegate* unmanaged[SuppressGCTransition]<PackingCall*, void>)(code + start);
}
