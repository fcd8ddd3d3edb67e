namespace Transfuse.Tensors.Devices.Cpu.Gemm.Bf16;

/// <summary>The assembled loops that pack elements of one type, in the order of <see cref="TileCode"/>.</summary>
internal readonly unsafe struct PackingLoops(byte* code, List<int> starts)
{
    /// <summary>Number of loops.</summary>
    internal const int Count = 5;

    private readonly delegate* unmanaged[SuppressGCTransition]<PackingCall*, void>
        _copy1 = At(code, starts[0]), _copy2 = At(code, starts[1]), _copy3 = At(code, starts[2]);

    /// <summary>Lines that lie side by side, into a panel of one to three vectors.</summary>
    internal delegate* unmanaged[SuppressGCTransition]<PackingCall*, void> Copy(int vectors) => vectors switch
    {
        1 => _copy1,
        2 => _copy2,
        _ => _copy3,
    };

    /// <summary>32 lines that lie side by side, into four panels of eight.</summary>
    internal delegate* unmanaged[SuppressGCTransition]<PackingCall*, void> CopyGroup { get; } = At(code, starts[3]);

    /// <summary>Eight lines whose elements lie side by side.</summary>
    internal delegate* unmanaged[SuppressGCTransition]<PackingCall*, void> Transpose { get; } = At(code, starts[4]);

    private static delegate* unmanaged[SuppressGCTransition]<PackingCall*, void> At(byte* code, int start) =>
        (delegate* unmanaged[SuppressGCTransition]<PackingCall*, void>)(code + start);
}
