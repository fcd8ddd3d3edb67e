using System.Runtime.InteropServices;

namespace Transfuse.Tensors.Devices.Cpu.Gemm.Bf16;

/// <summary>What assembled packing is told: one address in one register, whatever the system's convention.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct PackingCall
{
    /// <summary>How often the loop runs, at least once.</summary>
    internal nint Count;

    /// <summary>First element to pack.</summary>
    internal byte* Source;

    /// <summary>Bytes between the source's rows.</summary>
    internal nint SourceStride;

    /// <summary>Where the first pair goes.</summary>
    internal byte* Destination;

    /// <summary>Bytes between neighbouring pairs of depths (transposition), or between panels (group of panels).</summary>
    internal nint DestinationStride;

    /// <summary>Lanes of the last vector that lie inside the matrix; the others become zeros.</summary>
    internal ulong LastLanes;
}
