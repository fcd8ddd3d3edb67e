using Transfuse.Tensors.Memory;
using Transfuse.Tensors.Parallelism;

namespace Transfuse.Tensors.Devices.Cpu.Gemm;

/// <summary>
/// C = A·B + addend by packing (Goto and van de Geijn 2008, "Anatomy of high-performance matrix multiplication"): both operands are
/// copied block by block into the order in which the innermost loop reads them, which also transposes and converts them.
/// Traffic: either operand is read and written packed once, unless both have several slabs (<see cref="GemmPlan"/>); packed blocks are then read from
/// caches; the output is read and written once a slab of depths.
/// </summary>
internal static unsafe class PackedGemm
{
    // Below this many multiplications waking the other threads costs more than it saves.
    private const long SerialMultiplications = 64 * 64 * 64;

    // Rows that are packed at once stay in the second-level cache while the columns pass by.
    private const nuint MostBytesAtOnce = 1 << 19;

    /// <summary>Computes a product whose dimensions are all positive.</summary>
    internal static void Run<TKernel>(TKernel kernel, in GemmArguments arguments, WorkerPool workers, MemoryPool memory)
        where TKernel : struct, IGemmKernel
    {
        var packing = new GemmPacking<TKernel>(kernel, arguments, GemmPlan.For(arguments.M, arguments.N, arguments.K, kernel, workers.WorkerCount));
        using var scratch = new ScratchMemory(memory, ScratchFloats(packing, workers.WorkerCount));
        if (packing.HasPackedB && packing.Plan.OwnsRows)
        {
            MultiplyPacked(packing, (byte*)scratch.Data, workers);
        }
        else if (HasRowsAtOnce(packing))
        {
            MultiplyFewRows(packing, (byte*)scratch.Data, workers);
        }
        else
        {
            MultiplySlabs(packing, (byte*)scratch.Data, IsSerial(arguments), workers);
        }
    }

    /// <summary>Packs the second operand of a product whole; products with other rows may use it as <see cref="GemmArguments.PackedB"/>.</summary>
    /// <param name="packing">A product with it.</param>
    /// <param name="destination">Room for <see cref="PackedFloats"/> values.</param>
    /// <param name="workers">Who packs.</param>
    internal static void Pack<TKernel>(in GemmPacking<TKernel> packing, byte* destination, WorkerPool workers)
        where TKernel : struct, IGemmKernel
    {
        var body = new PackColumnsBody<TKernel>(packing, destination);
        workers.Run(body.TaskCount, ref body);
    }

    /// <summary>Floats that the second operand takes when packed whole.</summary>
    internal static long PackedFloats<TKernel>(in GemmPacking<TKernel> packing)
        where TKernel : struct, IGemmKernel =>
        packing.DepthParts * (long)packing.SizeInBytes(rows: false, packing.Arguments.N) / sizeof(float);

    /// <summary>Floats of scratch memory: a shared block, a second one where another slab follows, and one of their own for the workers that take part.</summary>
    internal static long ScratchFloats<TKernel>(in GemmPacking<TKernel> packing, int workers)
        where TKernel : struct, IGemmKernel
    {
        var (shared, owned) = BlockBytes(packing);
        if (HasRowsAtOnce(packing))
        {
            return (long)shared * packing.SlabCount / sizeof(float);
        }

        var sharedBlocks = packing.Plan.OwnsRows && packing.HasPackedB ? 0 : Math.Min(packing.SlabCount, 2);
        return (long)((shared * (nuint)sharedBlocks) + (owned * (nuint)(IsSerial(packing.Arguments) ? 1 : workers))) / sizeof(float);
    }

    // Columns that are packed already, and so few rows that all their depths are packed at once.
    private static bool HasRowsAtOnce<TKernel>(in GemmPacking<TKernel> packing)
        where TKernel : struct, IGemmKernel =>
        packing.HasPackedB && !packing.Plan.OwnsRows && packing.SlabCount == packing.DepthParts
        && packing.SizeInBytes(rows: true, packing.Arguments.M) * (nuint)packing.SlabCount <= MostBytesAtOnce;

    private static bool IsSerial(in GemmArguments arguments) => (long)arguments.M * arguments.N * arguments.K <= SerialMultiplications;

    private static (nuint Shared, nuint Owned) BlockBytes<TKernel>(in GemmPacking<TKernel> packing)
        where TKernel : struct, IGemmKernel =>
        (packing.SizeInBytes(!packing.Plan.OwnsRows, packing.Plan.SharedSlab), packing.SizeInBytes(packing.Plan.OwnsRows, packing.Plan.OwnedBlock));

    // While a slab is multiplied the next one is packed beside it: one wait a slab, and small tasks at its end.
    private static void MultiplySlabs<TKernel>(in GemmPacking<TKernel> packing, byte* scratch, bool serial, WorkerPool workers)
        where TKernel : struct, IGemmKernel
    {
        var (sharedBytes, ownedBytes) = BlockBytes(packing);
        var slabs = packing.SlabCount;
        var owned = scratch + (sharedBytes * (nuint)Math.Min(slabs, 2));
        var pack = new PackSharedBody<TKernel>(packing, packing.SlabAt(0), scratch);
        Run(pack.TaskCount, ref pack, serial, workers);
        for (var i = 0; i < slabs; i++)
        {
            var multiply = new MultiplyBody<TKernel>(packing, packing.SlabAt(i), scratch + (sharedBytes * (nuint)(i % 2)), owned, ownedBytes);
            if (i + 1 == slabs)
            {
                Run(multiply.TaskCount, ref multiply, serial, workers);
                break;
            }

            pack = new PackSharedBody<TKernel>(packing, packing.SlabAt(i + 1), scratch + (sharedBytes * (nuint)((i + 1) % 2)));
            var both = new MultiplyAndPackBody<TKernel>(multiply, pack);
            Run(multiply.TaskCount + pack.TaskCount, ref both, serial, workers);
        }
    }

    // All slabs are packed already: a task takes its rows through all of them, without a wait.
    private static void MultiplyPacked<TKernel>(in GemmPacking<TKernel> packing, byte* owned, WorkerPool workers)
        where TKernel : struct, IGemmKernel
    {
        var body = new MultiplyPackedBody<TKernel>(packing, owned, BlockBytes(packing).Owned);
        Run(body.TaskCount, ref body, IsSerial(packing.Arguments), workers);
    }

    // Columns are packed already and rows are few: packed once by the caller, they meet every column in all depths without a wait between.
    private static void MultiplyFewRows<TKernel>(in GemmPacking<TKernel> packing, byte* rows, WorkerPool workers)
        where TKernel : struct, IGemmKernel
    {
        var body = new MultiplyColumnsBody<TKernel>(packing, rows, BlockBytes(packing).Shared);
        body.PackRows();
        Run(body.TaskCount, ref body, IsSerial(packing.Arguments), workers);
    }

    private static void Run<TBody>(int tasks, ref TBody body, bool serial, WorkerPool workers)
        where TBody : struct, IParallelBody
    {
        if (!serial)
        {
            workers.Run(tasks, ref body);
            return;
        }

        for (var task = 0; task < tasks; task++)
        {
            body.Execute(task, 0);
        }
    }

    /// <summary>Packs a group of panels of the shared operand.</summary>
    private readonly struct PackSharedBody<TKernel>(GemmPacking<TKernel> packing, GemmSlab slab, byte* shared) : IParallelBody
        where TKernel : struct, IGemmKernel
    {
        private const int WantedLines = 48;

        internal int TaskCount => GemmPlan.Parts(slab.Lines, LinesPerTask);

        private int LinesPerTask
        {
            get
            {
                var tile = packing.TileLines(!packing.Plan.OwnsRows);
                return Math.Max(WantedLines / tile, 1) * tile;
            }
        }

        public void Execute(int task, int worker)
        {
            var first = task * LinesPerTask;
            var count = Math.Min(LinesPerTask, slab.Lines - first);
            packing.Pack(!packing.Plan.OwnsRows, slab, new GemmBlock(shared, slab.FirstLine, slab.Lines), first, count);
        }
    }

    /// <summary>Packs a block of the owned operand and multiplies it with the shared slab.</summary>
    private readonly struct MultiplyBody<TKernel>(GemmPacking<TKernel> packing, GemmSlab slab, byte* shared, byte* owned, nuint ownedBytes)
        : IParallelBody
        where TKernel : struct, IGemmKernel
    {
        internal int TaskCount => GemmPlan.Parts(packing.Plan.OwnsRows ? packing.Arguments.M : packing.Arguments.N, packing.Plan.OwnedBlock);

        public void Execute(int task, int worker)
        {
            var plan = packing.Plan;
            var first = task * plan.OwnedBlock;
            var count = Math.Min(plan.OwnedBlock, (plan.OwnsRows ? packing.Arguments.M : packing.Arguments.N) - first);
            var sharedBlock = new GemmBlock(shared, slab.FirstLine, slab.Lines);
            if (!plan.OwnsRows && packing.HasPackedB)
            {
                packing.Multiply(slab, sharedBlock, packing.PackedColumns(slab), first, count);
                return;
            }

            var block = new GemmBlock(owned + (ownedBytes * (nuint)worker), first, count);
            packing.Pack(plan.OwnsRows, slab, block, 0, count);
            if (plan.OwnsRows)
            {
                packing.Multiply(slab, block, sharedBlock, slab.FirstLine, slab.Lines);
            }
            else
            {
                packing.Multiply(slab, sharedBlock, block, first, count);
            }
        }
    }

    /// <summary>Packs a group of panels of the second operand, which is kept.</summary>
    private readonly struct PackColumnsBody<TKernel>(GemmPacking<TKernel> packing, byte* destination) : IParallelBody
        where TKernel : struct, IGemmKernel
    {
        private const int WantedColumns = 192;

        internal int TaskCount => packing.DepthParts * GroupCount;

        private int Group => WantedColumns / packing.TileLines(rows: false) * packing.TileLines(rows: false);

        private int GroupCount => GemmPlan.Parts(packing.Arguments.N, Group);

        public void Execute(int task, int worker)
        {
            var (depthPart, group) = Math.DivRem(task, GroupCount);
            var start = depthPart * packing.Plan.SlabDepth;
            var (first, columns) = (group * Group, packing.Arguments.N);
            var slab = new GemmSlab(start, Math.Min(packing.Plan.SlabDepth, packing.Arguments.K - start), 0, columns);
            packing.Pack(rows: false, slab, packing.AllColumns(destination, depthPart), first, Math.Min(Group, columns - first));
        }
    }

    /// <summary>Multiplies rows that are packed in all depths with a block of columns that are packed, too.</summary>
    private readonly struct MultiplyColumnsBody<TKernel>(GemmPacking<TKernel> packing, byte* rows, nuint slabBytes) : IParallelBody
        where TKernel : struct, IGemmKernel
    {
        internal int TaskCount => GemmPlan.Parts(packing.Arguments.N, packing.Plan.OwnedBlock);

        internal void PackRows()
        {
            for (var i = 0; i < packing.SlabCount; i++)
            {
                packing.Pack(rows: true, packing.SlabAt(i), RowsAt(i), 0, packing.Arguments.M);
            }
        }

        public void Execute(int task, int worker)
        {
            var first = task * packing.Plan.OwnedBlock;
            var count = Math.Min(packing.Plan.OwnedBlock, packing.Arguments.N - first);
            for (var i = 0; i < packing.SlabCount; i++)
            {
                var slab = packing.SlabAt(i);
                packing.Multiply(slab, RowsAt(i), packing.PackedColumns(slab), first, count);
            }
        }

        private GemmBlock RowsAt(int slab) => new(rows + (slabBytes * (nuint)slab), 0, packing.Arguments.M);
    }

    /// <summary>Packs a block of rows slab by slab and multiplies it with columns that are packed already.</summary>
    private readonly struct MultiplyPackedBody<TKernel>(GemmPacking<TKernel> packing, byte* owned, nuint ownedBytes) : IParallelBody
        where TKernel : struct, IGemmKernel
    {
        internal int TaskCount => GemmPlan.Parts(packing.Arguments.M, packing.Plan.OwnedBlock);

        public void Execute(int task, int worker)
        {
            var first = task * packing.Plan.OwnedBlock;
            var count = Math.Min(packing.Plan.OwnedBlock, packing.Arguments.M - first);
            var block = new GemmBlock(owned + (ownedBytes * (nuint)worker), first, count);
            for (var i = 0; i < packing.SlabCount; i++)
            {
                var slab = packing.SlabAt(i);
                if (slab.FirstLine == 0)
                {
                    packing.Pack(rows: true, slab, block, 0, count);
                }

                packing.Multiply(slab, block, packing.PackedColumns(slab), slab.FirstLine, slab.Lines);
            }
        }
    }

    /// <summary>The tasks of one slab, then those that pack the next.</summary>
    private readonly struct MultiplyAndPackBody<TKernel>(MultiplyBody<TKernel> multiply, PackSharedBody<TKernel> pack) : IParallelBody
        where TKernel : struct, IGemmKernel
    {
        public void Execute(int task, int worker)
        {
            if (task < multiply.TaskCount)
            {
                multiply.Execute(task, worker);
            }
            else
            {
                pack.Execute(task - multiply.TaskCount, worker);
            }
        }
    }
}
