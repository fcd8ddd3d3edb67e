using System.Runtime.InteropServices;

namespace Transfuse.Tensors.Devices.Cpu.Gemm.Bf16;

/// <summary>What the assembled product is told: one address in one register, whatever the system's convention.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct TileCall
{
    /// <summary>Pairs of depths, at least 1.</summary>
    internal nint Pairs;

    /// <summary>Packed panels of A, one for each tile: eight pairs for every pair of depths.</summary>
    internal byte* A;

    /// <summary>Packed panel of B: 16, 32 or 48 pairs for every pair of depths.</summary>
    internal byte* B;

    /// <summary>First element of the first tile.</summary>
    internal float* Destination;

    /// <summary>First element of what is added, or null; its rows are as far apart as the destination's.</summary>
    internal float* Addend;

    /// <summary>Bytes between rows.</summary>
    internal nint StrideInBytes;

    /// <summary>Tiles of eight rows below each other, at least 1; counted down to 0.</summary>
    internal nint Tiles;
}
