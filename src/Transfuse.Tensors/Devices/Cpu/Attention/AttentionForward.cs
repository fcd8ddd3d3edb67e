using System.Runtime.CompilerServices;
using Transfuse.Tensors.Devices.Cpu.Gemm;
using Transfuse.Tensors.Parallelism;
using Transfuse.Tensors.Simd;

namespace Transfuse.Tensors.Devices.Cpu.Attention;

/// <summary>
/// O = softmax(S)·V over tiles of 64 queries by 64 keys (Dao et al. 2022, FlashAttention): a task is one query head of one chunk of
/// query tiles. Tiles of keys that no query of the tile sees are never touched. Traffic: queries and output once, keys
/// and values once for every 64 queries that see them, read where they lie and packed into a cache.
/// </summary>
internal readonly unsafe struct AttentionForward<T, TKernel>(
    AttentionArguments arguments, AttentionPlan plan, DistanceBias bias, AttentionScratch scratch, AttentionProducts<TKernel> products) : IParallelBody
    where T : unmanaged, IVector<T>
    where TKernel : struct, IGemmKernel
{
    private const int Size = AttentionTile.Size;

    /// <inheritdoc/>
    public void Execute(int task, int worker)
    {
        // The chunks at the end of long documents have the most keys to see: they go first, so that no thread is left with one alone.
        var head = task % arguments.QueryHeads;
        var chunk = plan.ChunkCount - 1 - (task / arguments.QueryHeads);
        var buffers = new ForwardBuffers(scratch.Worker(worker), arguments.PaddedHeadSize<T>());
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

    private void AttendOne(in AttentionTile tile, int head, in ForwardBuffers buffers)
    {
        var query = new SingleQuery<T>(arguments, buffers.Keys, buffers.Scores, buffers.Output);
        (*buffers.Maxima, *buffers.Sums) = query.Attend(tile, head, plan.Slope(head), bias.Of(head));
        Finish(tile, head, arguments.PaddedHeadSize<T>(), buffers);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Attend(in AttentionTile tile, int head, in ForwardBuffers buffers)
    {
        var size = arguments.HeadSize;
        var padded = arguments.PaddedHeadSize<T>();
        var width = AttentionArguments.RoundUp<T>(tile.QueryCount);
        var keyHead = head / arguments.GroupSize;
        var endKey = arguments.Mask.EndKey(tile);
        var softmax = new OnlineSoftmax<T>(buffers.Maxima, buffers.Sums, buffers.Corrections, width);
        softmax.Start();
        PaddedRows.Copy<T>(
            arguments.Query.At(tile.QueryRow, head), arguments.Query.RowStride, tile.QueryCount, size, arguments.Scale, buffers.Output, padded);
        var queries = products.Right(new GemmOperand(buffers.Output, padded, depthContiguous: true), tile.QueryCount, size, buffers.Queries);
        new Span<float>(buffers.Output, tile.QueryCount * padded).Clear();

        for (var key = arguments.Mask.FirstKey(tile); key < endKey; key += Size)
        {
            var count = Math.Min(Size, endKey - key);
            var keyRows = arguments.Key.At(tile.KeyRow + key, keyHead);
            var valueRows = arguments.Value.At(tile.KeyRow + key, keyHead);
            var keys = products.Left(new GemmOperand(keyRows, (int)arguments.Key.RowStride, depthContiguous: true), count, size, buffers.Keys);
            var values = products.Right(new GemmOperand(valueRows, (int)arguments.Value.RowStride, depthContiguous: false), size, count, buffers.Values);
            ScoreTile.Compute<T, TKernel>(
                arguments, products, plan.Slope(head), bias.Of(head), tile, key, count, keys, queries, width, buffers.Scores, null);
            if (softmax.RaiseMaxima(buffers.Scores, count))
            {
                ScaleRows(buffers.Output, padded, tile.QueryCount, buffers.Corrections, buffers.Output, padded, padded);
            }

            softmax.Exponentiate(buffers.Scores, count);
            if (arguments.Mask.Hides(tile, key, key + count) && !SeenProducts.AreFinite<T>(valueRows, arguments.Value.RowStride, count, size))
            {
                PaddedRows.Copy<T>(valueRows, arguments.Value.RowStride, count, size, 1, buffers.Values, padded);
                SeenProducts.AddToQueries<T>(arguments.Mask, tile, key, count, buffers.Scores, buffers.Values, padded, buffers.Output);
                continue;
            }

            var probabilities = products.Left(new GemmOperand(buffers.Scores, Size, depthContiguous: false), tile.QueryCount, count, buffers.PackedScores);
            products.Multiply(tile.QueryCount, size, count, probabilities, values, buffers.Output, padded, accumulate: true);
        }

        Finish(tile, head, padded, buffers);
    }

    // O = Σ/l and log Σ eˢ = m + log l; a query that sees nothing has O = 0 and −∞.
    private void Finish(in AttentionTile tile, int head, int padded, in ForwardBuffers buffers)
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
}
