namespace Transfuse.Tensors.Devices.Cpu.Attention;

/// <summary>Scratch memory of one worker of <see cref="AttentionForward{T, TKernel}"/>.</summary>
internal readonly unsafe struct ForwardBuffers
{
    private const int Size = AttentionTile.Size;

    /// <summary>Divides the memory at <paramref name="start"/>, which has room for <see cref="Floats"/> values.</summary>
    internal ForwardBuffers(float* start, nint padded)
    {
        var tile = Size * padded;
        Keys = start;
        Values = Keys + tile;
        Output = Values + tile;
        Scores = Output + tile;
        Maxima = Scores + (Size * Size);
        Sums = Maxima + Size;
        Corrections = Sums + Size;
        PackedScores = Corrections + Size;
        Queries = PackedScores + (Size * Size);
    }

    /// <summary>A packed tile of keys.</summary>
    internal float* Keys { get; }

    /// <summary>A packed tile of values.</summary>
    internal float* Values { get; }

    internal float* Output { get; }

    internal float* Scores { get; }

    internal float* Maxima { get; }

    internal float* Sums { get; }

    internal float* Corrections { get; }

    internal float* PackedScores { get; }

    /// <summary>The tile's packed queries.</summary>
    internal float* Queries { get; }

    /// <summary>Size of the memory for heads of so many elements, <paramref name="padded"/> when rounded up to the vector width.</summary>
    internal static long Floats(int headSize, int padded) => (Size * (headSize + 1L)) + (3L * Size * padded) + (2 * Size * Size) + (3 * Size);
}
