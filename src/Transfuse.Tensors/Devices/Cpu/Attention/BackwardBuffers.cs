using Transfuse.Tensors.Simd;

namespace Transfuse.Tensors.Devices.Cpu.Attention;

/// <summary>Scratch memory of one worker of <see cref="AttentionBackward{T}"/>.</summary>
internal readonly unsafe struct BackwardBuffers<T>
    where T : unmanaged, IVector<T>
{
    private const int Size = AttentionTile.Size;

    /// <summary>Divides the memory at <paramref name="start"/>.</summary>
    internal BackwardBuffers(float* start, int headSize)
    {
        nint padded = AttentionArguments.RoundUp<T>(headSize);
        var block = KeysPerBlock(headSize) * padded;
        Scores = start;
        ScoreGradients = Scores + (Size * Size);
        CapDerivative = ScoreGradients + (Size * Size);
        DistanceGradients = CapDerivative + (Size * Size);
        LogSumExp = DistanceGradients + (2 * Size);
        OutputDots = LogSumExp + Size;
        Pairs = OutputDots + Size;
        QueriesTransposed = Pairs + (Size * Size);
        OutputGradientsTransposed = QueriesTransposed + (Size * (nint)(headSize + 1));
        QueryPairs = OutputGradientsTransposed + (Size * (nint)(headSize + 1));
        OutputGradientPairs = QueryPairs + (Size * padded / 2);
        Queries = OutputGradientPairs + (Size * padded / 2);
        OutputGradients = Queries + (Size * padded);
        QueryGradients = OutputGradients + (Size * padded);
        Keys = QueryGradients + (Size * padded);
        Values = Keys + block;
        KeyGradients = Values + block;
        ValueGradients = KeyGradients + block;
        KeyPairs = ValueGradients + block;
        ValuePairs = KeyPairs + (block / 2);
        KeySidePairs = ValuePairs + (block / 2);
    }

    internal float* Scores { get; }

    internal float* ScoreGradients { get; }

    internal float* CapDerivative { get; }

    internal float* DistanceGradients { get; }

    internal float* LogSumExp { get; }

    internal float* OutputDots { get; }

    internal float* Pairs { get; }

    internal float* QueriesTransposed { get; }

    internal float* OutputGradientsTransposed { get; }

    internal float* Queries { get; }

    internal float* OutputGradients { get; }

    internal float* QueryPairs { get; }

    internal float* OutputGradientPairs { get; }

    internal float* QueryGradients { get; }

    internal float* Keys { get; }

    internal float* Values { get; }

    internal float* KeyGradients { get; }

    internal float* ValueGradients { get; }

    /// <summary>Packed rows of the block's keys, where products pack; tile t starts half as far in as its rows.</summary>
    internal float* KeyPairs { get; }

    /// <summary>Packed rows of the block's values.</summary>
    internal float* ValuePairs { get; }

    /// <summary>The block's keys packed as the right side of dQ.</summary>
    internal float* KeySidePairs { get; }

    /// <summary>Keys whose rows and gradients are held at once: as many as the second-level cache holds, a multiple of the tile.</summary>
    internal static int KeysPerBlock(int headSize) => Math.Clamp(32768 / headSize, Size, 512) / Size * Size;

    internal static long Floats(int headSize)
    {
        long padded = AttentionArguments.RoundUp<T>(headSize);
        return (4 * Size * Size) + (4 * Size) + (2L * Size * (headSize + 1)) + (4 * Size * padded) + (11 * KeysPerBlock(headSize) * padded / 2);
    }
}
