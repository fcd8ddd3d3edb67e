namespace Transfuse.Tensors.Devices.Cpu;

/// <summary>Room on the stack that begins on a cache line, so that what is written a register at a time can be read back without waiting.</summary>
internal static unsafe class CacheLine
{
    /// <summary>Bytes of a line.</summary>
    internal const int Bytes = 64;

    /// <summary>Floats that <see cref="Align"/> may skip.</summary>
    internal const int Floats = Bytes / sizeof(float);

    /// <summary>The first address from <paramref name="room"/> on that begins a line.</summary>
    internal static float* Align(float* room) => (float*)(((nint)room + Bytes - 1) & ~(nint)(Bytes - 1));
}
