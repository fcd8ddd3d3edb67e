using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
using Transfuse.Tensors.Devices.Cpu.Quantized;
using Transfuse.Tensors.Memory;
using Transfuse.Tensors.Parallelism;
using Transfuse.Tensors.Simd;

namespace Transfuse.Tensors.Devices.Cpu.Gemm;

/// <summary>
/// C = A·Bᵀ for a few rows of A (decoding): packing B would cost as much as multiplying, so each row of B is read once, as it lies, and
/// multiplied with every row of A. A resting B is widened on the way, four rows at a time, or in registers where A has very few rows.
/// Traffic: B's bytes once; A stays in a cache.
/// </summary>
internal static unsafe class DotGemm
{
    // Most rows of A for which this is the faster way: products of bfloat16, which it does not form, are twice as fast.
    private const int MaximumRows = 32;
    private const int MaximumRowsOfBFloat16 = 12;

    // Rows of B that one task reads; about as many bytes as are worth a claim.
    private const int BytesPerTask = 256 * 1024;

    private const int RowsAtOnce = 4;

    /// <summary>Whether this is the way to compute a product: few rows of A in float32, and depth contiguous in both operands, neither of which is packed.</summary>
    /// <param name="arguments">The product.</param>
    /// <param name="elementSize">Bytes of an operand's element in the other way to compute it.</param>
    internal static bool Suits(in GemmArguments arguments, int elementSize) =>
        !arguments.HasFixedOrder && arguments.PackedB is null && arguments.M <= (elementSize == sizeof(float) ? MaximumRows : MaximumRowsOfBFloat16)
        && arguments.A is { DepthContiguous: true, IsBFloat16: false } && arguments.B.DepthContiguous;

    /// <summary>Floats of scratch memory: a worker widens four rows of a resting weight at a time, reads them with every row of A and takes the next.</summary>
    internal static long ScratchFloats(int depth, bool isResting, int workers) => isResting ? (long)RowsAtOnce * depth * workers : 0;

    /// <summary>Computes a product whose operands both have contiguous depth and whose dimensions are all positive.</summary>
    internal static void Run<TVector>(in GemmArguments arguments, WorkerPool workers, MemoryPool memory)
        where TVector : unmanaged, IVector<TVector>
    {
        if (arguments.B.Resting is not null)
        {
            using var widened = new ScratchMemory(memory, ScratchFloats(arguments.K, isResting: true, workers.WorkerCount));
            Run<TVector>(arguments, workers, widened.Data);
            return;
        }

        Run<TVector>(arguments, workers, (float*)null);
    }

    private static void Run<TVector>(in GemmArguments arguments, WorkerPool workers, float* widened)
        where TVector : unmanaged, IVector<TVector>
    {
        var columns = (int)Math.Clamp(BytesPerTask / ((long)arguments.K * sizeof(float)) / 4 * 4, 4, 1 << 20);
        var body = new Body<TVector>(arguments, columns, widened);
        workers.Run((arguments.N + columns - 1) / columns, ref body);
    }

    private readonly struct Body<TVector>(GemmArguments arguments, int columnsPerTask, float* widened) : IParallelBody
        where TVector : unmanaged, IVector<TVector>
    {
        public void Execute(int task, int worker)
        {
            var b = stackalloc float*[RowsAtOnce];
            var end = Math.Min((long)(task + 1) * columnsPerTask, arguments.N);
            for (var column = task * columnsPerTask; column < end; column += 4)
            {
                var columns = (int)Math.Min(4, end - column);
                if (MultiplyResting(column, columns, b))
                {
                    continue;
                }

                Rows(column, columns, widened + ((nint)worker * RowsAtOnce * arguments.K), b);
                for (int row = 0, rows; row < arguments.M; row += rows)
                {
                    rows = Together<TVector>(arguments.M - row);
                    Multiply<TVector>(arguments, row, rows, column, columns, b);
                }
            }
        }

        // So few rows of A leave nothing to gain from writing rows of B widened beside them.
        private bool MultiplyResting(int column, int columns, float** rows)
        {
            if (arguments.B.Resting is not StoredRows resting)
            {
                return false;
            }

            var b = (byte**)rows;
            var (type, first) = resting.Locate(column);
            if (arguments.M > RestingDot.MostRows<TVector>(type))
            {
                return false;
            }

            b[0] = (byte*)first;
            for (var j = 1; j < RowsAtOnce; j++)
            {
                var (other, address) = resting.Locate(column + Math.Min(j, columns - 1));
                if (other != type)
                {
                    return false;
                }

                b[j] = (byte*)address;
            }

            var sums = stackalloc float[RowsAtOnce];
            for (var row = 0; row < arguments.M; row++)
            {
                RestingDot.Multiply<TVector>(b, type, arguments.K, arguments.A.At(row, 0), sums);
                Write(arguments, row, 1, column, columns, sums);
            }

            return true;
        }

        // Missing rows repeat the last one.
        private void Rows(int column, int columns, float* room, float** b)
        {
            for (var j = 0; j < RowsAtOnce; j++)
            {
                if (j >= columns)
                {
                    b[j] = b[j - 1];
                }
                else if (arguments.B.Resting is { } resting)
                {
                    b[j] = room + ((nint)j * arguments.K);
                    resting.Widen(column + j, 0, arguments.K, b[j]);
                }
                else
                {
                    b[j] = arguments.B.At(column + j, 0);
                }
            }
        }
    }

    // Rows of A that are multiplied together: sixteen sums and five operands need more than 16 registers.
    private static int Together<TVector>(int rows)
        where TVector : unmanaged, IVector<TVector> => rows >= 4 && TVector.Count == 16 ? 4 : Math.Min(rows, 2);

    // One, two or four rows of A by four of B.
    [SkipLocalsInit]
    private static void Multiply<TVector>(in GemmArguments arguments, int row, int rows, int column, int columns, float** b)
        where TVector : unmanaged, IVector<TVector>
    {
        var sums = stackalloc float[16];
        if (rows == 4)
        {
            Dot4x4<TVector>(arguments.K, arguments.A.At(row, 0), arguments.A.Stride, b, sums);
        }
        else if (rows == 2)
        {
            Dot2x4<TVector>(arguments.K, arguments.A.At(row, 0), arguments.A.At(row + 1, 0), b, sums);
        }
        else
        {
            Dot1x4<TVector>(arguments.K, arguments.A.At(row, 0), b, sums);
        }

        Write(arguments, row, rows, column, columns, sums);
    }

    private static void Write(in GemmArguments arguments, int row, int rows, int column, int columns, float* sums)
    {
        for (var i = 0; i < rows; i++)
        {
            var offset = ((nint)(row + i) * arguments.N) + column;
            for (var j = 0; j < columns; j++)
            {
                arguments.Destination[offset + j] = sums[(i * 4) + j] + (arguments.Addend == null ? 0 : arguments.Addend[offset + j]);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Dot4x4<TVector>(int depth, float* a, nint stride, float** b, float* sums)
        where TVector : unmanaged, IVector<TVector>
    {
        TVector s00 = TVector.Zero, s01 = s00, s02 = s00, s03 = s00, s10 = s00, s11 = s00, s12 = s00, s13 = s00;
        TVector s20 = s00, s21 = s00, s22 = s00, s23 = s00, s30 = s00, s31 = s00, s32 = s00, s33 = s00;
        float* a1 = a + stride, a2 = a1 + stride, a3 = a2 + stride;
        float* b0 = b[0], b1 = b[1], b2 = b[2], b3 = b[3];
        nint d = 0;
        for (; d <= depth - TVector.Count; d += TVector.Count)
        {
            var y0 = TVector.Load(b0 + d);
            var y1 = TVector.Load(b1 + d);
            var y2 = TVector.Load(b2 + d);
            var y3 = TVector.Load(b3 + d);
            var x = TVector.Load(a + d);
            s00 = TVector.MultiplyAdd(x, y0, s00);
            s01 = TVector.MultiplyAdd(x, y1, s01);
            s02 = TVector.MultiplyAdd(x, y2, s02);
            s03 = TVector.MultiplyAdd(x, y3, s03);
            x = TVector.Load(a1 + d);
            s10 = TVector.MultiplyAdd(x, y0, s10);
            s11 = TVector.MultiplyAdd(x, y1, s11);
            s12 = TVector.MultiplyAdd(x, y2, s12);
            s13 = TVector.MultiplyAdd(x, y3, s13);
            x = TVector.Load(a2 + d);
            s20 = TVector.MultiplyAdd(x, y0, s20);
            s21 = TVector.MultiplyAdd(x, y1, s21);
            s22 = TVector.MultiplyAdd(x, y2, s22);
            s23 = TVector.MultiplyAdd(x, y3, s23);
            x = TVector.Load(a3 + d);
            s30 = TVector.MultiplyAdd(x, y0, s30);
            s31 = TVector.MultiplyAdd(x, y1, s31);
            s32 = TVector.MultiplyAdd(x, y2, s32);
            s33 = TVector.MultiplyAdd(x, y3, s33);
        }

        Finish((int)d, depth, a, b, sums, s00, s01, s02, s03);
        Finish((int)d, depth, a1, b, sums + 4, s10, s11, s12, s13);
        Finish((int)d, depth, a2, b, sums + 8, s20, s21, s22, s23);
        Finish((int)d, depth, a3, b, sums + 12, s30, s31, s32, s33);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Dot2x4<TVector>(int depth, float* a0, float* a1, float** b, float* sums)
        where TVector : unmanaged, IVector<TVector>
    {
        TVector s00 = TVector.Zero, s01 = s00, s02 = s00, s03 = s00, s10 = s00, s11 = s00, s12 = s00, s13 = s00;
        float* b0 = b[0], b1 = b[1], b2 = b[2], b3 = b[3];
        nint d = 0;
        for (; d <= depth - TVector.Count; d += TVector.Count)
        {
            var x0 = TVector.Load(a0 + d);
            var x1 = TVector.Load(a1 + d);
            var y = TVector.Load(b0 + d);
            s00 = TVector.MultiplyAdd(x0, y, s00);
            s10 = TVector.MultiplyAdd(x1, y, s10);
            y = TVector.Load(b1 + d);
            s01 = TVector.MultiplyAdd(x0, y, s01);
            s11 = TVector.MultiplyAdd(x1, y, s11);
            y = TVector.Load(b2 + d);
            s02 = TVector.MultiplyAdd(x0, y, s02);
            s12 = TVector.MultiplyAdd(x1, y, s12);
            y = TVector.Load(b3 + d);
            s03 = TVector.MultiplyAdd(x0, y, s03);
            s13 = TVector.MultiplyAdd(x1, y, s13);
        }

        Finish((int)d, depth, a0, b, sums, s00, s01, s02, s03);
        Finish((int)d, depth, a1, b, sums + 4, s10, s11, s12, s13);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Dot1x4<TVector>(int depth, float* a, float** b, float* sums)
        where TVector : unmanaged, IVector<TVector>
    {
        TVector s0 = TVector.Zero, s1 = s0, s2 = s0, s3 = s0;
        float* b0 = b[0], b1 = b[1], b2 = b[2], b3 = b[3];
        var ahead = (nint)RowsAtOnce * depth;
        nint d = 0;
        for (; d <= depth - TVector.Count; d += TVector.Count)
        {
            if (TVector.Count >= 8 && Sse.IsSupported)
            {
                // The next four rows: these are too short for the processor to see four streams in them.
                Sse.Prefetch1(b0 + d + ahead);
                Sse.Prefetch1(b1 + d + ahead);
                Sse.Prefetch1(b2 + d + ahead);
                Sse.Prefetch1(b3 + d + ahead);
            }

            var x = TVector.Load(a + d);
            s0 = TVector.MultiplyAdd(x, TVector.Load(b0 + d), s0);
            s1 = TVector.MultiplyAdd(x, TVector.Load(b1 + d), s1);
            s2 = TVector.MultiplyAdd(x, TVector.Load(b2 + d), s2);
            s3 = TVector.MultiplyAdd(x, TVector.Load(b3 + d), s3);
        }

        Finish((int)d, depth, a, b, sums, s0, s1, s2, s3);
    }

    // The sums of one row of A, with the depths that fill no vector.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Finish<TVector>(int start, int depth, float* a, float** b, float* sums, TVector s0, TVector s1, TVector s2, TVector s3)
        where TVector : unmanaged, IVector<TVector>
    {
        (sums[0], sums[1], sums[2], sums[3]) = (TVector.Sum(s0), TVector.Sum(s1), TVector.Sum(s2), TVector.Sum(s3));
        for (var j = 0; j < 4; j++)
        {
            for (var d = start; d < depth; d++)
            {
                sums[j] = MathF.FusedMultiplyAdd(a[d], b[j][d], sums[j]);
            }
        }
    }
}
