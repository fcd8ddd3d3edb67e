using System.Runtime.CompilerServices;
using Transfuse.Tensors.Parallelism;
using Transfuse.Tensors.Simd;

namespace Transfuse.Tensors.Devices.Cpu.Attention;

/// <summary>
/// O = softmax(S)·V over tiles of 64 queries by 64 keys (Dao et al. 2022, FlashAttention): a task is one query head of one chunk of
/// query tiles. Tiles of keys that no query of the tile sees are never touched.
/// </summary>
internal readonly unsafe struct AttentionForward<T>(
    AttentionArguments arguments, AttentionPlan plan, DistanceBias bias, AttentionScratch scratch, AttentionProducts<T> products) : IParallelBody
    where T : unmanaged, IVector<T>
{
    private const int Size = AttentionTile.Size;

    /// <summary>Scratch of one worker.</summary>
    internal static long ScratchFloats(int headSize)
    {
        long padded = AttentionArguments.RoundUp<T>(headSize);
        return (Size * (headSize + 1)) + (3 * Size * padded) + (2 * Size * Size) + (3 * Size);
    }

    /// <inheritdoc/>
    public void Execute(int task, int worker)
    {
        // The chunks at the end of long documents have the most keys to see: they go first, so that no thread is left with one alone.
        var head = task % arguments.QueryHeads;
        var chunk = plan.ChunkCount - 1 - (task / arguments.QueryHeads);
        var buffers = new Buffers(scratch.Worker(worker), arguments.HeadSize);
        for (var tile = plan.ChunkStart(chunk); tile < plan.ChunkStart(chunk + 1); tile++)
        {
            // The last query of a longer document stays with its tile, so that training forms its sums in one order.
            if (plan.Tiles[tile] is { QueryCount: 1, Part: 0 })
            {
                AttendOne(plan.Tiles[tile], head, buffers);
            }
            else
            {
                Attend(plan.Tiles[tile], head, buffers);
            }
        }
    }

    private void AttendOne(in AttentionTile tile, int head, in Buffers buffers)
    {
        var query = new SingleQuery<T>(arguments, buffers.Keys, buffers.Scores, buffers.Output);
        (*buffers.Maxima, *buffers.Sums) = query.Attend(tile, head, plan.Slope(head), bias.Of(head));
        Finish(tile, head, arguments.PaddedHeadSize<T>(), buffers);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Attend(in AttentionTile tile, int head, in Buffers buffers)
    {
        var size = arguments.HeadSize;
        var padded = arguments.PaddedHeadSize<T>();
        var width = AttentionArguments.RoundUp<T>(tile.QueryCount);
        var keyHead = head / arguments.GroupSize;
        var endKey = arguments.Mask.EndKey(tile);
        var softmax = new OnlineSoftmax<T>(buffers.Maxima, buffers.Sums, buffers.Corrections, width);
        softmax.Start();
        AttentionPacking.Rows<T>(
            arguments.Query.At(tile.QueryRow, head), arguments.Query.RowStride, tile.QueryCount, size, arguments.Scale, buffers.Output, padded);
        var queries = products.Right(new TileOperand(buffers.Output, padded, depthContiguous: true), tile.QueryCount, size, buffers.Queries);
        new Span<float>(buffers.Output, tile.QueryCount * padded).Clear();

        for (var key = arguments.Mask.FirstKey(tile); key < endKey; key += Size)
        {
            var count = Math.Min(Size, endKey - key);
            var keyRows = arguments.Key.At(tile.KeyRow + key, keyHead);
            var valueRows = arguments.Value.At(tile.KeyRow + key, keyHead);
            var keys = products.Left(Near(keyRows, arguments.Key.RowStride, count, buffers.Keys), count, size, buffers.Keys);
            var values = products.Right(Near(valueRows, arguments.Value.RowStride, count, buffers.Values).Exchanged(), size, count, buffers.Values);
            ScoreTile.Compute<T>(
                arguments, products, plan.Slope(head), bias.Of(head), tile, key, count, keys, queries, width, buffers.Scores, null);
            if (softmax.RaiseMaxima(buffers.Scores, count))
            {
                ScaleRows(buffers.Output, padded, tile.QueryCount, buffers.Corrections, buffers.Output, padded, padded);
            }

            softmax.Exponentiate(buffers.Scores, count);
            if (arguments.Mask.Hides(tile, key, key + count) && !SeenProducts.AreFinite<T>(valueRows, arguments.Value.RowStride, count, size))
            {
                AttentionPacking.Rows<T>(valueRows, arguments.Value.RowStride, count, size, 1, buffers.Values, padded);
                SeenProducts.AddToQueries<T>(arguments.Mask, tile, key, count, buffers.Scores, buffers.Values, padded, buffers.Output);
                continue;
            }

            var probabilities = products.Left(new TileOperand(buffers.Scores, Size, depthContiguous: false), tile.QueryCount, count, buffers.Pairs);
            products.Multiply(tile.QueryCount, size, count, probabilities, values, buffers.Output, padded, accumulate: true);
        }

        Finish(tile, head, padded, buffers);
    }

    // Rows that are read often come near, padded to the vector width; a packed copy is near enough.
    private TileOperand Near(float* rows, nint stride, int count, float* room)
    {
        if (products.Packs)
        {
            return new TileOperand(rows, stride, depthContiguous: true);
        }

        var padded = arguments.PaddedHeadSize<T>();
        AttentionPacking.Rows<T>(rows, stride, count, arguments.HeadSize, 1, room, padded);
        return new TileOperand(room, padded, depthContiguous: true);
    }

    // O = Σ/l and log Σ eˢ = m + log l; a query that sees nothing has O = 0 and −∞.
    private void Finish(in AttentionTile tile, int head, int padded, in Buffers buffers)
    {
        for (var query = 0; query < tile.QueryCount; query++)
        {
            var sum = buffers.Sums[query];
            buffers.Corrections[query] = sum == 0 ? 0 : 1 / sum;
            arguments.LogSumExp[((long)(tile.QueryRow + query) * arguments.QueryHeads) + head] =
                sum == 0 ? float.NegativeInfinity : buffers.Maxima[query] + MathF.Log(sum);
        }

        ScaleRows(
            buffers.Output, padded, tile.QueryCount, buffers.Corrections,
            arguments.Output.At(tile.QueryRow, head), arguments.Output.RowStride, arguments.HeadSize);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void ScaleRows(float* source, nint sourceRow, int rows, float* factors, float* destination, nint destinationRow, int columns)
    {
        for (var row = 0; row < rows; row++)
        {
            var factor = T.Create(factors[row]);
            var column = 0;
            for (; column + T.Count <= columns; column += T.Count)
            {
                T.Store(factor * T.Load(source + column), destination + column);
            }

            for (; column < columns; column++)
            {
                destination[column] = factors[row] * source[column];
            }

            source += sourceRow;
            destination += destinationRow;
        }
    }

    private readonly struct Buffers
    {
        internal Buffers(float* start, int headSize)
        {
            nint tile = Size * AttentionArguments.RoundUp<T>(headSize);
            Keys = start;
            Values = Keys + tile;
            Output = Values + tile;
            Scores = Output + tile;
            Maxima = Scores + (Size * Size);
            Sums = Maxima + Size;
            Corrections = Sums + Size;
            Pairs = Corrections + Size;
            Queries = Pairs + (Size * Size);
        }

        internal float* Queries { get; }

        internal float* Keys { get; }

        internal float* Values { get; }

        internal float* Output { get; }

        internal float* Scores { get; }

        internal float* Maxima { get; }

        internal float* Sums { get; }

        internal float* Corrections { get; }

        internal float* Pairs { get; }
    }
}
