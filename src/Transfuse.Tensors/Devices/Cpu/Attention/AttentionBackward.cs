using System.Runtime.CompilerServices;
using Transfuse.Tensors.Devices.Cpu.Gemm;
using Transfuse.Tensors.Parallelism;
using Transfuse.Tensors.Simd;

namespace Transfuse.Tensors.Devices.Cpu.Attention;

/// <summary>
/// Gradient of the attention (Dao et al. 2022, algorithm 4). With P = e^(S − logsumexp) computed again and D = Σ dO∘O per query:
/// dV = Pᵀ·dO, dS = P∘(dO·Vᵀ − D), dQ = scale·dS·K, dK = scale·dSᵀ·Q; a bias takes the sum of the dS that it was added to.
/// </summary>
/// <remarks>
/// A task is one key/value head of one chunk; a tile of the plan is a block of keys of one document. Keys and values of the block and
/// their gradients stay in scratch memory while the queries that see them go by: one step for each query head of the group and tile of 64
/// queries, always in this order. The blocks of a document may run at the same time, but each adds to dQ only after the block before it,
/// so that the order of the sum is always the same. Tasks are claimed in order, hence the block that is waited for is running or done.
/// Traffic: keys, values and their gradients once; queries, outputs, dO and dQ once for every block of keys that they see.
/// </remarks>
internal readonly unsafe struct AttentionBackward<T, TKernel>(
    AttentionArguments arguments, AttentionGradients gradients, AttentionPlan plan, DistanceBias bias, DistanceBiasSums biasSums,
    AttentionScratch scratch, AttentionProducts<TKernel> products) : IParallelBody
    where T : unmanaged, IVector<T>
    where TKernel : struct, IGemmKernel
{
    private const int Size = AttentionTile.Size;
    private readonly int _blockSize = BackwardBuffers.KeysPerBlock(arguments.HeadSize);

    /// <inheritdoc/>
    public void Execute(int task, int worker)
    {
        var keyHead = task % arguments.KeyValueHeads;
        var chunk = task / arguments.KeyValueHeads;
        var buffers = new BackwardBuffers(scratch.Worker(worker), arguments.HeadSize, arguments.PaddedHeadSize<T>(), products.ElementSize);
        for (var i = plan.ChunkStart(chunk); i < plan.ChunkStart(chunk + 1); i++)
        {
            Differentiate(i, keyHead, buffers);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Differentiate(int planTile, int keyHead, in BackwardBuffers buffers)
    {
        var document = plan.Tiles[planTile];
        var blockStart = document.Part * _blockSize;
        var blockCount = Math.Min(_blockSize, document.KeyCount - blockStart);
        var size = arguments.HeadSize;
        var padded = arguments.PaddedHeadSize<T>();
        var row = document.KeyRow + blockStart;
        PaddedRows.Copy<T>(arguments.Key.At(row, keyHead), arguments.Key.RowStride, blockCount, size, 1, buffers.Keys, padded);
        PaddedRows.Copy<T>(arguments.Value.At(row, keyHead), arguments.Value.RowStride, blockCount, size, 1, buffers.Values, padded);
        for (var key = 0; key < blockCount; key += Size)
        {
            PackKeys(key, Math.Min(Size, blockCount - key), buffers);
        }

        new Span<float>(buffers.KeyGradients, blockCount * padded).Clear();
        new Span<float>(buffers.ValueGradients, blockCount * padded).Clear();

        var step = 0;
        var firstHead = keyHead * arguments.GroupSize;
        for (var head = firstHead; head < firstHead + arguments.GroupSize; head++)
        {
            for (var query = 0; query < document.QueryCount; query += Size)
            {
                DifferentiateQueries(document.Queries(query, Size), head, planTile, keyHead, step++, buffers);
                Volatile.Write(ref plan.Progress(planTile, keyHead), step);
            }
        }

        CopyRows(buffers.KeyGradients, padded, blockCount, gradients.Key.At(row, keyHead), gradients.Key.RowStride);
        CopyRows(buffers.ValueGradients, padded, blockCount, gradients.Value.At(row, keyHead), gradients.Value.RowStride);
    }

    // One tile of queries of one head against the block: what it sees of the keys, in scratch memory, then into dQ.
    private void DifferentiateQueries(in AttentionTile tile, int head, int planTile, int keyHead, int step, in BackwardBuffers buffers)
    {
        var blockStart = tile.Part * _blockSize;
        var firstSeen = arguments.Mask.FirstKey(tile) / Size * Size;
        var firstKey = Math.Max(blockStart, firstSeen);
        var endSeen = arguments.Mask.EndKey(tile);
        var endKey = Math.Min(blockStart + _blockSize, endSeen);
        var destination = gradients.Query.At(tile.QueryRow, head);
        if (firstKey < endKey)
        {
            DifferentiateTile(tile, head, planTile, blockStart, firstKey, endKey, buffers);
            if (firstSeen < blockStart)
            {
                WaitFor(ref plan.Progress(planTile - 1, keyHead), step);
            }

            AddRows(buffers.QueryGradients, tile.QueryCount, destination, accumulate: firstSeen < blockStart);
        }
        else if (tile.Part == 0 && firstSeen >= endSeen)
        {
            // Queries that see no key at all.
            new Span<float>(buffers.QueryGradients, tile.QueryCount * arguments.PaddedHeadSize<T>()).Clear();
            AddRows(buffers.QueryGradients, tile.QueryCount, destination, accumulate: false);
        }
    }

    private static void WaitFor(ref int progress, int step)
    {
        var spinner = default(SpinWait);
        while (Volatile.Read(ref progress) <= step)
        {
            spinner.SpinOnce(sleep1Threshold: -1);
        }
    }

    // One tile of queries of one head against the keys [firstKey, endKey) of a block.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void DifferentiateTile(
        in AttentionTile tile, int head, int planTile, int blockStart, int firstKey, int endKey, in BackwardBuffers buffers)
    {
        var padded = arguments.PaddedHeadSize<T>();
        var width = AttentionArguments.RoundUp<T>(tile.QueryCount);
        CopyQueries(tile, head, width, buffers);
        var sides = PackQueries(tile.QueryCount, buffers);
        new Span<float>(buffers.QueryGradients, tile.QueryCount * padded).Clear();
        var blockEnd = Math.Min(blockStart + _blockSize, tile.KeyCount);
        for (var key = firstKey; key < endKey; key += Size)
        {
            var count = Math.Min(Size, endKey - key);
            var offset = (nint)(key - blockStart) * padded;
            DifferentiateScores(tile, head, planTile, key, count, offset, sides, buffers);
            if (arguments.Mask.Hides(tile, key, key + count)
                && !IsFinite(tile.QueryCount, offset, Math.Min(count + (count % 2), blockEnd - key), buffers))
            {
                SeenProducts.AddToKeys<T>(arguments.Mask, tile, key, count, buffers.Scores, buffers.OutputGradients, padded, buffers.ValueGradients + offset);
                SeenProducts.AddToKeys<T>(arguments.Mask, tile, key, count, buffers.ScoreGradients, buffers.Queries, padded, buffers.KeyGradients + offset);
                SeenProducts.AddToQueries<T>(arguments.Mask, tile, key, count, buffers.ScoreGradients, buffers.Keys + offset, padded, buffers.QueryGradients);
                continue;
            }

            AddGradients(tile.QueryCount, count, Math.Min(Size, blockEnd - key), offset, sides, buffers);
        }
    }

    // P and dS of the tile, rows keys and columns queries.
    private void DifferentiateScores(
        in AttentionTile tile, int head, int planTile, int key, int count, nint offset, in QuerySides sides, in BackwardBuffers buffers)
    {
        var width = AttentionArguments.RoundUp<T>(tile.QueryCount);
        var capDerivative = arguments.SoftCap > 0 ? buffers.CapDerivative : null;
        var keys = products.Packed(arguments.HeadSize, buffers.PackedKeys(offset));
        var values = products.Packed(arguments.HeadSize, buffers.PackedValues(offset));
        ScoreTile.Compute<T, TKernel>(
            arguments, products, plan.Slope(head), bias.Of(head), tile, key, count, keys, sides.Queries, width, buffers.Scores, capDerivative);
        products.Multiply(count, tile.QueryCount, arguments.HeadSize, values, sides.Outputs, buffers.ScoreGradients, Size, accumulate: false);
        SoftmaxBackward(count, width, buffers);
        if (biasSums.Exist)
        {
            biasSums.Add<T>(planTile, head, tile.Position - key, count, width, buffers.ScoreGradients, buffers.DistanceGradients);
        }

        if (capDerivative != null)
        {
            Multiply(buffers.ScoreGradients, capDerivative, count * Size);
        }
    }

    // dV += P·dO, dK += dS·Q, dQ += dSᵀ·K. Of the keys at `offset` the block has packed `packedKeys` together.
    private void AddGradients(int queries, int keys, int packedKeys, nint offset, in QuerySides sides, in BackwardBuffers buffers)
    {
        var (size, padded) = (arguments.HeadSize, arguments.PaddedHeadSize<T>());
        var probabilities = products.Left(new GemmOperand(buffers.Scores, Size, depthContiguous: true), keys, queries, buffers.PackedScores);
        products.Multiply(keys, size, queries, probabilities, sides.OutputColumns, buffers.ValueGradients + offset, padded, accumulate: true);
        var scoreGradients = new GemmOperand(buffers.ScoreGradients, Size, depthContiguous: true);
        var ofKeys = products.Left(scoreGradients, keys, queries, buffers.PackedScores);
        products.Multiply(keys, size, queries, ofKeys, sides.QueryColumns, buffers.KeyGradients + offset, padded, accumulate: true);
        var ofQueries = products.Left(scoreGradients.Exchanged(), queries, keys, buffers.PackedScores);
        var keySide = products.Packed(packedKeys, buffers.PackedKeyColumns(offset));
        products.Multiply(queries, size, keys, ofQueries, keySide, buffers.QueryGradients, padded, accumulate: true);
    }

    /// <summary>
    /// Whether all that goes into the gradients of a tile is finite; its keys and values begin at <paramref name="offset"/>. An odd number of keys
    /// has another one as its partner where keys are packed in pairs.
    /// </summary>
    private bool IsFinite(int queries, nint offset, int keys, in BackwardBuffers buffers)
    {
        for (var query = 0; query < queries; query++)
        {
            if (!float.IsFinite(buffers.LogSumExp[query]) || !float.IsFinite(buffers.OutputDots[query]))
            {
                return false;
            }
        }

        return AreFinite(buffers.Keys + offset, keys) && AreFinite(buffers.Values + offset, keys)
            && AreFinite(buffers.Queries, queries) && AreFinite(buffers.OutputGradients, queries);
    }

    private bool AreFinite(float* rows, int count) => SeenProducts.AreFinite<T>(rows, arguments.PaddedHeadSize<T>(), count, arguments.HeadSize);

    // A tile of the block's keys and values as sides of products.
    private void PackKeys(int key, int count, in BackwardBuffers buffers)
    {
        var offset = (nint)key * arguments.PaddedHeadSize<T>();
        var keys = Rows(buffers.Keys + offset);
        products.Left(keys, count, arguments.HeadSize, buffers.PackedKeys(offset));
        products.Left(Rows(buffers.Values + offset), count, arguments.HeadSize, buffers.PackedValues(offset));
        products.Right(keys.Exchanged(), arguments.HeadSize, count, buffers.PackedKeyColumns(offset));
    }

    private QuerySides PackQueries(int count, in BackwardBuffers buffers)
    {
        var (size, queries, outputs) = (arguments.HeadSize, Rows(buffers.Queries), Rows(buffers.OutputGradients));
        return new QuerySides(
            products.Right(queries, count, size, buffers.PackedQueries),
            products.Right(outputs, count, size, buffers.PackedOutputGradients),
            products.Right(queries.Exchanged(), size, count, buffers.PackedQueryColumns),
            products.Right(outputs.Exchanged(), size, count, buffers.PackedOutputGradientColumns));
    }

    private GemmOperand Rows(float* rows) => new(rows, arguments.PaddedHeadSize<T>(), depthContiguous: true);

    private void CopyQueries(in AttentionTile tile, int head, int width, in BackwardBuffers buffers)
    {
        var size = arguments.HeadSize;
        var padded = arguments.PaddedHeadSize<T>();
        PaddedRows.Copy<T>(
            arguments.Query.At(tile.QueryRow, head), arguments.Query.RowStride, tile.QueryCount, size, arguments.Scale, buffers.Queries, padded);
        PaddedRows.Copy<T>(
            gradients.Output.At(tile.QueryRow, head), gradients.Output.RowStride, tile.QueryCount, size, 1, buffers.OutputGradients, padded);
        for (var query = 0; query < tile.QueryCount; query++)
        {
            var row = tile.QueryRow + query;
            var logSumExp = arguments.LogSumExp[((long)row * arguments.QueryHeads) + head];

            // A query that sees nothing has −∞; +∞ makes its probabilities 0 instead of NaN.
            buffers.LogSumExp[query] = float.IsNegativeInfinity(logSumExp) ? float.PositiveInfinity : logSumExp;
            buffers.OutputDots[query] = Dot(buffers.OutputGradients + (query * padded), arguments.Output.At(row, head), size);
        }

        new Span<float>(buffers.LogSumExp + tile.QueryCount, width - tile.QueryCount).Fill(float.PositiveInfinity);
        new Span<float>(buffers.OutputDots + tile.QueryCount, width - tile.QueryCount).Clear();
    }

    // P = e^(S − logsumexp) replaces S; dS = P∘(dP − D) replaces dP.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void SoftmaxBackward(int keyCount, int width, in BackwardBuffers buffers)
    {
        for (var column = 0; column < width; column += T.Count)
        {
            var logSumExp = T.Load(buffers.LogSumExp + column);
            var dots = T.Load(buffers.OutputDots + column);
            var scores = buffers.Scores + column;
            var dScores = buffers.ScoreGradients + column;
            for (var i = 0; i < keyCount * Size; i += Size)
            {
                var p = VectorMath.SoftmaxExp(T.Load(scores + i) - logSumExp);
                T.Store(p, scores + i);
                T.Store(p * (T.Load(dScores + i) - dots), dScores + i);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Multiply(float* values, float* factors, int count)
    {
        for (var i = 0; i < count; i += T.Count)
        {
            T.Store(T.Load(values + i) * T.Load(factors + i), values + i);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Dot(float* a, float* b, int count)
    {
        var sums = T.Zero;
        var i = 0;
        for (; i + T.Count <= count; i += T.Count)
        {
            sums = T.MultiplyAdd(T.Load(a + i), T.Load(b + i), sums);
        }

        var sum = T.Sum(sums);
        for (; i < count; i++)
        {
            sum += a[i] * b[i];
        }

        return sum;
    }

    private void CopyRows(float* source, nint sourceRow, int rows, float* destination, nint destinationRow)
    {
        for (var row = 0; row < rows; row++)
        {
            new ReadOnlySpan<float>(source + (row * sourceRow), arguments.HeadSize)
                .CopyTo(new Span<float>(destination + (row * destinationRow), arguments.HeadSize));
        }
    }

    // dQ = scale·rows, or dQ += scale·rows.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void AddRows(float* source, int rows, float* destination, bool accumulate)
    {
        var scale = T.Create(arguments.Scale);
        for (var row = 0; row < rows; row++)
        {
            var column = 0;
            for (; column + T.Count <= arguments.HeadSize; column += T.Count)
            {
                var addend = accumulate ? T.Load(destination + column) : T.Zero;
                T.Store(T.MultiplyAdd(scale, T.Load(source + column), addend), destination + column);
            }

            for (; column < arguments.HeadSize; column++)
            {
                destination[column] = (arguments.Scale * source[column]) + (accumulate ? destination[column] : 0);
            }

            source += arguments.PaddedHeadSize<T>();
            destination += gradients.Query.RowStride;
        }
    }

    // A tile's queries and dO as right sides: of scores and dP, whose columns they are, and of dK and dV, whose sums run over them.
    private readonly record struct QuerySides(PackedSide Queries, PackedSide Outputs, PackedSide QueryColumns, PackedSide OutputColumns);
}
