using System.Runtime.InteropServices;

namespace Transfuse.Tensors.Devices.Cpu.Gemm.Assembled;

/// <summary>What an assembled product is told: one address in one register, whatever the system's convention.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct TileCall
{
    /// <summary>Steps of the loop over the depth, at least 1: pairs or blocks of depths.</summary>
    internal nint Steps;

    /// <summary>Packed panels of A, one for each tile.</summary>
    internal byte* A;

    /// <summary>Packed panel of B.</summary>
    internal byte* B;

    /// <summary>First element of the first tile.</summary>
    internal float* Destination;

    /// <summary>First element of what is added, or null; its rows are as far apart as the destination's.</summary>
    internal float* Addend;

    /// <summary>Bytes between rows.</summary>
    internal nint StrideInBytes;

    /// <summary>Tiles below each other, at least 1; counted down to 0.</summary>
    internal nint Tiles;
}
