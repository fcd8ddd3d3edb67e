using System.Runtime.CompilerServices;
using Transfuse.Tensors.Devices.Cpu.Quantized;
using Transfuse.Tensors.Simd;

namespace Transfuse.Tensors.Devices.Cpu.Gemm;

/// <summary>
/// One row of A times four rows of a resting B, which are widened in registers as they are multiplied and never written widened. Each sum is
/// formed in the order in which <see cref="DotGemm"/> forms it over widened rows, so it has the same bits. Traffic: B's stored bytes, once for each row of A.
/// </summary>
internal static unsafe class RestingDot
{
    private const int Rows = 4;

    // Longest rest of a row of numbers without blocks.
    private const int LongestRest = 16;

    /// <summary>
    /// Most rows of A for which widening B in registers, anew for each of them, is faster than writing it widened once; 0 for types whose rows
    /// cannot be multiplied as they rest.
    /// </summary>
    internal static int MostRows<TVector>(DType type)
        where TVector : unmanaged, IVector<TVector> => type switch
        {
            // With narrower vectors widening is most of the work.
            DType.Q8_0 or DType.Q4_0 or DType.Q4_K or DType.Q6_K or DType.BF16 => TVector.Count < 16 ? 1 : 4,
            DType.F16 => TVector.Count < 16 ? 1 : 2,
            _ => 0,
        };

    /// <summary>The sums of four rows of a type for which <see cref="MostRows{TVector}"/> is not 0.</summary>
    /// <param name="b">The rows, all of type <paramref name="type"/>.</param>
    /// <param name="type">Type of the rows.</param>
    /// <param name="depth">Elements of a row, a whole number of blocks.</param>
    /// <param name="a">The row of A.</param>
    /// <param name="sums">Receives four sums.</param>
    internal static void Multiply<TVector>(byte** b, DType type, int depth, float* a, float* sums)
        where TVector : unmanaged, IVector<TVector>
    {
        switch (type)
        {
            case DType.Q8_0:
                Multiply<TVector, Q8Block>(b, type, depth, a, sums);
                break;
            case DType.Q4_0:
                Multiply<TVector, Q4Block>(b, type, depth, a, sums);
                break;
            case DType.Q4_K:
                Multiply<TVector, Q4SuperBlock>(b, type, depth, a, sums);
                break;
            case DType.Q6_K:
                Multiply<TVector, Q6SuperBlock>(b, type, depth, a, sums);
                break;
            case DType.BF16:
                Multiply<TVector, BFloat16Block>(b, type, depth, a, sums);
                break;
            case DType.F16:
                Multiply<TVector, HalfBlock>(b, type, depth, a, sums);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(type), type, "rows of this type are widened first");
        }
    }

    private static void Multiply<TVector, TBlock>(byte** b, DType type, int depth, float* a, float* sums)
        where TVector : unmanaged, IVector<TVector>
        where TBlock : struct, IRestingBlock
    {
        var lanes = stackalloc TVector[Rows];
        var blocks = depth / TBlock.BlockElements;
        if (!TBlock.TryAddRows(b, blocks, a, lanes))
        {
            AddBlocks<TVector, TBlock>(b, blocks, a, lanes);
        }

        var done = blocks * TBlock.BlockElements;
        for (var j = 0; j < Rows; j++)
        {
            sums[j] = done == depth
                ? TVector.Sum(lanes[j])
                : AddRest(type, b[j] + ((nint)blocks * TBlock.BlockBytes), depth - done, a + done, lanes[j]);
        }
    }

    // No call in here: it would make the loop keep its sums in memory.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddBlocks<TVector, TBlock>(byte** b, int blocks, float* a, TVector* sums)
        where TVector : unmanaged, IVector<TVector>
        where TBlock : struct, IRestingBlock
    {
        TVector s0 = TVector.Zero, s1 = s0, s2 = s0, s3 = s0;
        var ahead = (nint)Rows * blocks * TBlock.BlockBytes;
        byte* b0 = b[0], b1 = b[1], b2 = b[2], b3 = b[3];
        for (; blocks > 0; blocks--)
        {
            RowPrefetch.Fetch(b0 + ahead, b1 + ahead, b2 + ahead, b3 + ahead, TBlock.BlockBytes);
            s0 = TBlock.Add(b0, a, s0);
            s1 = TBlock.Add(b1, a, s1);
            s2 = TBlock.Add(b2, a, s2);
            s3 = TBlock.Add(b3, a, s3);
            a += TBlock.BlockElements;
            b0 += TBlock.BlockBytes;
            b1 += TBlock.BlockBytes;
            b2 += TBlock.BlockBytes;
            b3 += TBlock.BlockBytes;
        }

        (sums[0], sums[1], sums[2], sums[3]) = (s0, s1, s2, s3);
    }

    // The elements after the last whole sixteen, of types without blocks.
    [SkipLocalsInit]
    private static float AddRest<TVector>(DType type, byte* row, int length, float* a, TVector lanes)
        where TVector : unmanaged, IVector<TVector>
    {
        var rest = stackalloc float[LongestRest];
        BlockFormat.Widen(type, new ReadOnlySpan<byte>(row, checked((int)type.ByteCount(length))), new Span<float>(rest, length));
        var i = 0;
        for (; i <= length - TVector.Count; i += TVector.Count)
        {
            lanes = TVector.MultiplyAdd(TVector.Load(a + i), TVector.Load(rest + i), lanes);
        }

        var sum = TVector.Sum(lanes);
        for (; i < length; i++)
        {
            sum = MathF.FusedMultiplyAdd(a[i], rest[i], sum);
        }

        return sum;
    }
}
