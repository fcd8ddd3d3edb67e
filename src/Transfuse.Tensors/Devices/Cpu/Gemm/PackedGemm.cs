using Transfuse.Tensors.Memory;
using Transfuse.Tensors.Parallelism;

namespace Transfuse.Tensors.Devices.Cpu.Gemm;

/// <summary>
/// Matrix products by packing (Goto and van de Geijn 2008, "Anatomy of high-performance matrix multiplication"): both operands are
/// copied block by block into the order in which the innermost loop reads them, which also transposes and converts them.
/// </summary>
internal static unsafe class PackedGemm
{
    // Below this many multiplications waking the other threads costs more than it saves.
    private const long SerialMultiplications = 64 * 64 * 64;

    /// <summary>Computes a product whose dimensions are all positive.</summary>
    internal static void Run<TKernel>(TKernel kernel, in GemmArguments arguments, WorkerPool workers, MemoryPool memory)
        where TKernel : struct, IGemmKernel
    {
        var packing = new GemmPacking<TKernel>(kernel, arguments, GemmPlan.For(arguments.M, arguments.N, arguments.K, kernel, workers.WorkerCount));
        using var scratch = new ScratchMemory(memory, ScratchFloats(packing, workers.WorkerCount));
        if (packing.Plan.OwnsRows && packing.HasPackedB)
        {
            MultiplyPacked(packing, (byte*)scratch.Data, workers);
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
    internal static PackedColumns Pack<TKernel>(in GemmPacking<TKernel> packing, byte* destination, WorkerPool workers)
        where TKernel : struct, IGemmKernel
    {
        var body = new PackColumnsBody<TKernel>(packing, destination);
        workers.Run(body.TaskCount, ref body);
        return new PackedColumns(packing.Plan, destination);
    }

    /// <summary>Floats that the second operand takes when packed whole.</summary>
    internal static long PackedFloats<TKernel>(in GemmPacking<TKernel> packing)
        where TKernel : struct, IGemmKernel =>
        packing.ColumnBlocks * (long)packing.SizeInBytes(rows: false, packing.ColumnBlock) / sizeof(float);

    /// <summary>Floats of scratch memory: a shared block, a second one where another slab follows, and one of their own for the workers that take part.</summary>
    internal static long ScratchFloats<TKernel>(in GemmPacking<TKernel> packing, int workers)
        where TKernel : struct, IGemmKernel
    {
        var (shared, owned) = BlockBytes(packing);
        var sharedBlocks = packing.Plan.OwnsRows && packing.HasPackedB ? 0 : Math.Min(packing.SlabCount, 2);
        return (long)((shared * (nuint)sharedBlocks) + (owned * (nuint)(IsSerial(packing.Arguments) ? 1 : workers))) / sizeof(float);
    }

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
            packing.Pack(!packing.Plan.OwnsRows, slab, slab.FirstLine, slab.Lines, first, count, shared);
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
            var isPacked = !plan.OwnsRows && packing.HasPackedB;
            var block = isPacked ? packing.PackedBlock(slab.FirstDepth / plan.SlabDepth, task) : owned + (ownedBytes * (nuint)worker);
            if (!isPacked)
            {
                packing.Pack(plan.OwnsRows, slab, first, count, 0, count, block);
            }

            if (plan.OwnsRows)
            {
                packing.Multiply(slab, block, first, count, shared, slab.FirstLine, slab.Lines);
            }
            else
            {
                packing.Multiply(slab, shared, slab.FirstLine, slab.Lines, block, first, count);
            }
        }
    }

    /// <summary>Packs blocks of the second operand that are kept.</summary>
    private readonly struct PackColumnsBody<TKernel>(GemmPacking<TKernel> packing, byte* destination) : IParallelBody
        where TKernel : struct, IGemmKernel
    {
        internal int TaskCount => packing.ColumnBlocks;

        public void Execute(int task, int worker)
        {
            var (depthPart, block) = Math.DivRem(task, GemmPlan.Parts(packing.Arguments.N, packing.ColumnBlock));
            var start = depthPart * packing.Plan.SlabDepth;
            var first = block * packing.ColumnBlock;
            var count = Math.Min(packing.ColumnBlock, packing.Arguments.N - first);
            var slab = new GemmSlab(start, Math.Min(packing.Plan.SlabDepth, packing.Arguments.K - start), first, count);
            packing.Pack(rows: false, slab, first, count, 0, count, destination + (packing.SizeInBytes(rows: false, packing.ColumnBlock) * (nuint)task));
        }
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
            var block = owned + (ownedBytes * (nuint)worker);
            for (var i = 0; i < packing.SlabCount; i++)
            {
                var slab = packing.SlabAt(i);
                if (slab.FirstLine == 0)
                {
                    packing.Pack(rows: true, slab, first, count, 0, count, block);
                }

                var columns = packing.PackedBlock(slab.FirstDepth / packing.Plan.SlabDepth, slab.FirstLine / packing.ColumnBlock);
                packing.Multiply(slab, block, first, count, columns, slab.FirstLine, slab.Lines);
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
