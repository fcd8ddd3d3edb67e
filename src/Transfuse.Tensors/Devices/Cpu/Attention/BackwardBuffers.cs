namespace Transfuse.Tensors.Devices.Cpu.Attention;

/// <summary>Scratch memory of one worker of <see cref="AttentionBackward{T, TKernel}"/>.</summary>
internal readonly unsafe struct BackwardBuffers
{
    private const int Size = AttentionTile.Size;

    private readonly byte* _packedKeys, _packedValues, _packedKeyColumns;
    private readonly int _elementSize;

    /// <summary>Divides the memory at <paramref name="start"/>.</summary>
    /// <param name="start">Room for <see cref="Floats"/> values.</param>
    /// <param name="headSize">Elements of a head.</param>
    /// <param name="padded">The same, rounded up to the vector width.</param>
    /// <param name="elementSize">Bytes of a packed element.</param>
    internal BackwardBuffers(float* start, int headSize, nint padded, int elementSize)
    {
        _elementSize = elementSize;
        Scores = start;
        ScoreGradients = Scores + (Size * Size);
        CapDerivative = ScoreGradients + (Size * Size);
        DistanceGradients = CapDerivative + (Size * Size);
        LogSumExp = DistanceGradients + (2 * Size);
        OutputDots = LogSumExp + Size;
        Queries = OutputDots + Size;
        OutputGradients = Queries + (Size * padded);
        QueryGradients = OutputGradients + (Size * padded);
        var block = KeysPerBlock(headSize) * padded;
        Keys = QueryGradients + (Size * padded);
        Values = Keys + block;
        KeyGradients = Values + block;
        ValueGradients = KeyGradients + block;
        var packed = (byte*)(ValueGradients + block);
        PackedScores = (float*)packed;
        PackedQueries = (float*)(packed += Size * Size * elementSize);
        PackedOutputGradients = (float*)(packed += Size * (headSize + (nint)1) * elementSize);
        PackedQueryColumns = (float*)(packed += Size * (headSize + (nint)1) * elementSize);
        PackedOutputGradientColumns = (float*)(packed += Size * padded * elementSize);
        _packedKeys = packed + (Size * padded * elementSize);
        _packedValues = _packedKeys + (block * elementSize);
        _packedKeyColumns = _packedValues + (block * elementSize);
    }

    internal float* Scores { get; }

    internal float* ScoreGradients { get; }

    internal float* CapDerivative { get; }

    internal float* DistanceGradients { get; }

    internal float* LogSumExp { get; }

    internal float* OutputDots { get; }

    internal float* Queries { get; }

    internal float* OutputGradients { get; }

    internal float* QueryGradients { get; }

    internal float* Keys { get; }

    internal float* Values { get; }

    internal float* KeyGradients { get; }

    internal float* ValueGradients { get; }

    /// <summary>A left side made of scores or their gradients.</summary>
    internal float* PackedScores { get; }

    /// <summary>The right side of the scores, whose columns are queries.</summary>
    internal float* PackedQueries { get; }

    /// <summary>The right side of dP.</summary>
    internal float* PackedOutputGradients { get; }

    /// <summary>The right side of dK, whose sums run over the queries.</summary>
    internal float* PackedQueryColumns { get; }

    /// <summary>The right side of dV.</summary>
    internal float* PackedOutputGradientColumns { get; }

    /// <summary>The left side of the scores, for the keys that begin <paramref name="offset"/> elements into <see cref="Keys"/>.</summary>
    internal float* PackedKeys(nint offset) => (float*)(_packedKeys + (offset * _elementSize));

    /// <summary>The left side of dP.</summary>
    internal float* PackedValues(nint offset) => (float*)(_packedValues + (offset * _elementSize));

    /// <summary>The right side of dQ, whose sums run over the keys.</summary>
    internal float* PackedKeyColumns(nint offset) => (float*)(_packedKeyColumns + (offset * _elementSize));

    /// <summary>Keys whose rows and gradients are held at once: as many as the second-level cache holds, a multiple of the tile.</summary>
    internal static int KeysPerBlock(int headSize) => Math.Clamp(32768 / headSize, Size, 512) / Size * Size;

    /// <summary>Size of the memory.</summary>
    internal static long Floats(int headSize, int padded, int elementSize)
    {
        long block = KeysPerBlock(headSize) * padded;
        var packed = (Size * Size) + (2L * Size * (headSize + 1 + padded)) + (3 * block);
        return (3 * Size * Size) + (4 * Size) + (3L * Size * padded) + (4 * block) + (packed * elementSize / sizeof(float));
    }
}
