using Transfuse.Tensors.Memory;
using Transfuse.Tensors.Parallelism;
using Transfuse.Tensors.Simd;

namespace Transfuse.Tensors.Devices.Cpu.Gemm;

/// <summary>
/// C = A·B whose output nobody keeps: each part of it is computed in the second-level cache, handed to a reader and overwritten by the next, so that
/// memory sees nothing of it. Its sums have the order that <see cref="PackedGemm"/> gives them. Traffic: that of
/// <see cref="PackedGemm"/> without the output.
/// </summary>
internal static unsafe class StreamedGemm
{
    // Columns of B that a task holds while the rows pass by, and a part of the output: together well inside the second-level cache.
    private const int ColumnBytes = 256 * 1024;
    private const int TileBytes = 256 * 1024;
    private const int MostPanels = 16;
    private const int LeastRows = 64, MostRows = 512;

    /// <summary>Columns of a part of the output, of whatever height: two or three panels of B, or a multiple of four, which loops over vectors divide evenly.</summary>
    internal static int Columns<TKernel>(TKernel kernel, int depth)
        where TKernel : struct, IGemmKernel
    {
        var panels = (int)Math.Clamp(ColumnBytes / ((long)depth * kernel.ElementSize) / kernel.TileColumns, 2, MostPanels);
        return (panels < 4 ? panels : panels / 4 * 4) * kernel.TileColumns;
    }

    /// <summary>Floats of scratch memory: all rows packed, and of each worker a part of the output and, unless B is packed, columns.</summary>
    internal static long ScratchFloats<TKernel>(TKernel kernel, in GemmPacking<TKernel> packing, int workers)
        where TKernel : struct, IGemmKernel
    {
        var blocks = new Blocks<TKernel>(kernel, packing);
        return (blocks.AllRowBytes + (workers * blocks.WorkerBytes)) / sizeof(float);
    }

    /// <summary>Computes a product whose dimensions are all positive.</summary>
    internal static void Run<TVector, TKernel, TReader>(
        TKernel kernel, in GemmPacking<TKernel> packing, TReader reader, WorkerPool workers, MemoryPool memory)
        where TVector : unmanaged, IVector<TVector>
        where TKernel : struct, IGemmKernel
        where TReader : struct, ITileReader
    {
        using var scratch = new ScratchMemory(memory, ScratchFloats(kernel, packing, workers.WorkerCount));
        var blocks = new Blocks<TKernel>(kernel, packing);
        var pack = new PackRowsBody<TKernel>(packing, blocks, (byte*)scratch.Data);
        workers.Run(blocks.RowBlocks * packing.DepthParts, ref pack);
        var multiply = new MultiplyBody<TVector, TKernel, TReader>(packing, blocks, (byte*)scratch.Data, reader);
        workers.Run(GemmPlan.Parts(packing.Arguments.N, blocks.Columns), ref multiply);
    }

    private static GemmSlab SlabAt<TKernel>(in GemmPacking<TKernel> packing, int depthPart)
        where TKernel : struct, IGemmKernel
    {
        var start = depthPart * packing.Plan.SlabDepth;
        return new GemmSlab(start, Math.Min(packing.Plan.SlabDepth, packing.Arguments.K - start), 0, 0);
    }

    /// <summary>Sizes of blocks and where they lie: packed rows, then what each worker has to itself.</summary>
    private readonly struct Blocks<TKernel>
        where TKernel : struct, IGemmKernel
    {
        private readonly GemmPacking<TKernel> _packing;

        internal Blocks(TKernel kernel, in GemmPacking<TKernel> packing)
        {
            _packing = packing;
            var (m, n) = (packing.Arguments.M, packing.Arguments.N);
            Columns = StreamedGemm.Columns(kernel, packing.Arguments.K);
            Rows = Math.Min(Math.Clamp(StreamedGemm.TileBytes / sizeof(float) / Columns, LeastRows, MostRows), m + kernel.TileRows - 1) / kernel.TileRows * kernel.TileRows;
            Stride = Math.Min(Columns, GemmPlan.Parts(n, CacheLine.Floats) * CacheLine.Floats);
            RowBlocks = GemmPlan.Parts(packing.Arguments.M, Rows);
        }

        internal int Columns { get; }

        internal int Rows { get; }

        /// <summary>Floats from one row of a part of the output to the next.</summary>
        internal int Stride { get; }

        internal int RowBlocks { get; }

        internal long AllRowBytes => RowBlocks * _packing.DepthParts * RowBytes;

        internal long WorkerBytes => (_packing.HasPackedB ? 0 : _packing.DepthParts * ColumnBytes) + TileBytes;

        private long TileBytes => (long)Rows * Stride * sizeof(float);

        private long RowBytes => (long)_packing.SizeInBytes(rows: true, Math.Min(Rows, _packing.Arguments.M));

        private long ColumnBytes => (long)_packing.SizeInBytes(rows: false, Math.Min(Columns, _packing.Arguments.N));

        internal GemmBlock RowsAt(byte* scratch, int block, int depthPart) => new(
            scratch + (((block * _packing.DepthParts) + depthPart) * RowBytes), block * Rows, Math.Min(Rows, _packing.Arguments.M - (block * Rows)));

        internal byte* ColumnsAt(byte* scratch, int worker, int depthPart) => scratch + AllRowBytes + (worker * WorkerBytes) + (depthPart * ColumnBytes);

        internal float* TileAt(byte* scratch, int worker) =>
            (float*)(scratch + AllRowBytes + ((worker + 1) * WorkerBytes) - TileBytes);
    }

    private readonly struct PackRowsBody<TKernel>(GemmPacking<TKernel> packing, Blocks<TKernel> blocks, byte* scratch) : IParallelBody
        where TKernel : struct, IGemmKernel
    {
        public void Execute(int task, int worker)
        {
            var (block, depthPart) = Math.DivRem(task, packing.DepthParts);
            var rows = blocks.RowsAt(scratch, block, depthPart);
            packing.Pack(rows: true, SlabAt(packing, depthPart), rows, 0, rows.Lines);
        }
    }

    /// <summary>Multiplies all rows with some columns, block by block of the rows.</summary>
    private readonly struct MultiplyBody<TVector, TKernel, TReader>(
        GemmPacking<TKernel> packing, Blocks<TKernel> blocks, byte* scratch, TReader reader) : IParallelBody
        where TVector : unmanaged, IVector<TVector>
        where TKernel : struct, IGemmKernel
        where TReader : struct, ITileReader
    {
        public void Execute(int task, int worker)
        {
            var first = task * blocks.Columns;
            var columns = Math.Min(blocks.Columns, packing.Arguments.N - first);
            for (var part = 0; part < packing.DepthParts && !packing.HasPackedB; part++)
            {
                packing.Pack(rows: false, SlabAt(packing, part), ColumnsAt(part, first, columns, worker), 0, columns);
            }

            var tile = blocks.TileAt(scratch, worker);
            for (var block = 0; block < blocks.RowBlocks; block++)
            {
                var row = block * blocks.Rows;
                var into = packing.Into(tile, blocks.Stride, row, first);
                for (var part = 0; part < packing.DepthParts; part++)
                {
                    into.Multiply(SlabAt(packing, part), blocks.RowsAt(scratch, block, part), ColumnsAt(part, first, columns, worker), first, columns);
                }

                var rows = Math.Min(blocks.Rows, packing.Arguments.M - row);
                reader.Read<TVector>(new GemmTile(tile, null, blocks.Stride, rows, columns), row, first, worker);
            }
        }

        private GemmBlock ColumnsAt(int depthPart, int first, int columns, int worker) => packing.HasPackedB
            ? packing.PackedColumns(SlabAt(packing, depthPart))
            : new GemmBlock(blocks.ColumnsAt(scratch, worker, depthPart), first, columns);
    }
}
