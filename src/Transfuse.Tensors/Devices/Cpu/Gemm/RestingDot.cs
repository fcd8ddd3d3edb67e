using System.Runtime.CompilerServices;
using Transfuse.Tensors.Devices.Cpu.Quantized;
using Transfuse.Tensors.Simd;

namespace Transfuse.Tensors.Devices.Cpu.Gemm;

/// <summary>
/// One row of A times four rows of a resting B, which are widened in registers as they are multiplied and never written widened. Each sum is
/// formed in the order in which <see cref="DotGemm"/> forms it over widened rows, so it has the same bits.
/// </summary>
internal static unsafe class RestingDot
{
    private const int Rows = 4;

    // Longest rest of a row of numbers without blocks.
    private const int LongestRest = 16;

    /// <summary>Multiplies, where rows of the type can be multiplied as they rest.</summary>
    /// <param name="b">The rows, all of type <paramref name="type"/>.</param>
    /// <param name="type">Type of the rows.</param>
    /// <param name="depth">Elements of a row, a whole number of blocks.</param>
    /// <param name="a">The row of A.</param>
    /// <param name="sums">Receives four sums.</param>
    /// <returns>False if nothing was done.</returns>
    internal static bool TryMultiply<TVector>(byte** b, DType type, int depth, float* a, float* sums)
        where TVector : unmanaged, IVector<TVector>
    {
        switch (type)
        {
            case DType.Q8_0:
                Multiply<TVector, Q8Part>(b, type, depth, a, sums);
                return true;
            case DType.Q4_0:
                Multiply<TVector, Q4Part>(b, type, depth, a, sums);
                return true;
            case DType.Q4_K:
                Multiply<TVector, Q4SuperPart>(b, type, depth, a, sums);
                return true;
            case DType.Q6_K:
                Multiply<TVector, Q6SuperPart>(b, type, depth, a, sums);
                return true;
            case DType.BF16:
                Multiply<TVector, BFloat16Part>(b, type, depth, a, sums);
                return true;
            case DType.F16:
                Multiply<TVector, HalfPart>(b, type, depth, a, sums);
                return true;
            default:
                return false;
        }
    }

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Multiply<TVector, TPart>(byte** b, DType type, int depth, float* a, float* sums)
        where TVector : unmanaged, IVector<TVector>
        where TPart : struct, IRestingPart
    {
        TVector s0 = TVector.Zero, s1 = s0, s2 = s0, s3 = s0;
        byte* b0 = b[0], b1 = b[1], b2 = b[2], b3 = b[3];
        nint d = 0;
        for (; d <= depth - TPart.BlockElements; d += TPart.BlockElements)
        {
            for (var part = 0; part < TPart.BlockElements / TPart.Elements; part++)
            {
                var x = a + d + (part * TPart.Elements);
                s0 = TPart.Add(b0, part, x, s0);
                s1 = TPart.Add(b1, part, x, s1);
                s2 = TPart.Add(b2, part, x, s2);
                s3 = TPart.Add(b3, part, x, s3);
            }

            b0 += TPart.BlockBytes;
            b1 += TPart.BlockBytes;
            b2 += TPart.BlockBytes;
            b3 += TPart.BlockBytes;
        }

        var rest = stackalloc float[Rows * LongestRest];
        var length = depth - (int)d;
        if (length > 0)
        {
            WidenRest(type, b0, length, rest);
            WidenRest(type, b1, length, rest + LongestRest);
            WidenRest(type, b2, length, rest + (2 * LongestRest));
            WidenRest(type, b3, length, rest + (3 * LongestRest));
        }

        var done = 0;
        for (; done <= length - TVector.Count; done += TVector.Count)
        {
            var x = TVector.Load(a + d + done);
            s0 = TVector.MultiplyAdd(x, TVector.Load(rest + done), s0);
            s1 = TVector.MultiplyAdd(x, TVector.Load(rest + LongestRest + done), s1);
            s2 = TVector.MultiplyAdd(x, TVector.Load(rest + (2 * LongestRest) + done), s2);
            s3 = TVector.MultiplyAdd(x, TVector.Load(rest + (3 * LongestRest) + done), s3);
        }

        (sums[0], sums[1], sums[2], sums[3]) = (TVector.Sum(s0), TVector.Sum(s1), TVector.Sum(s2), TVector.Sum(s3));
        for (var j = 0; j < Rows; j++)
        {
            for (var i = done; i < length; i++)
            {
                sums[j] = MathF.FusedMultiplyAdd(a[d + i], rest[(j * LongestRest) + i], sums[j]);
            }
        }
    }

    private static void WidenRest(DType type, byte* row, int length, float* rest) =>
        BlockFormat.Widen(type, new ReadOnlySpan<byte>(row, checked((int)type.ByteCount(length))), new Span<float>(rest, length));
}
