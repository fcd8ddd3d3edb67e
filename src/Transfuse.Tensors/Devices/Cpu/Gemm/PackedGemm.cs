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
        var packing = new GemmPacking<TKernel>(kernel, arguments, GemmPlan.For(arguments.M, arguments.N, arguments.K, kernel));
        var (sharedBytes, ownedBytes) = BlockBytes(packing);
        using var scratch = new ScratchMemory(memory, ScratchFloats(packing, workers.WorkerCount));
        var shared = (byte*)scratch.Data;
        MultiplySlabs(packing, shared, shared + sharedBytes, ownedBytes, IsSerial(arguments), workers);
    }

    /// <summary>Floats of scratch memory: a shared block, and one of their own for the workers that take part.</summary>
    internal static long ScratchFloats<TKernel>(in GemmPacking<TKernel> packing, int workers)
        where TKernel : struct, IGemmKernel
    {
        var (shared, owned) = BlockBytes(packing);
        return (long)(shared + (owned * (nuint)(IsSerial(packing.Arguments) ? 1 : workers))) / sizeof(float);
    }

    private static bool IsSerial(in GemmArguments arguments) => (long)arguments.M * arguments.N * arguments.K <= SerialMultiplications;

    private static (nuint Shared, nuint Owned) BlockBytes<TKernel>(in GemmPacking<TKernel> packing)
        where TKernel : struct, IGemmKernel =>
        (packing.SizeInBytes(!packing.Plan.OwnsRows, packing.Plan.SharedSlab), packing.SizeInBytes(packing.Plan.OwnsRows, packing.Plan.OwnedBlock));

    private static void MultiplySlabs<TKernel>(
        in GemmPacking<TKernel> packing, byte* shared, byte* owned, nuint ownedBytes, bool serial, WorkerPool workers)
        where TKernel : struct, IGemmKernel
    {
        var plan = packing.Plan;
        var (ownedTotal, sharedTotal) = plan.OwnsRows ? (packing.Arguments.M, packing.Arguments.N) : (packing.Arguments.N, packing.Arguments.M);
        for (var depthStart = 0; depthStart < packing.Arguments.K; depthStart += plan.SlabDepth)
        {
            var depth = Math.Min(plan.SlabDepth, packing.Arguments.K - depthStart);
            for (var sharedStart = 0; sharedStart < sharedTotal; sharedStart += plan.SharedSlab)
            {
                var slab = new GemmSlab(depthStart, depth, sharedStart, Math.Min(plan.SharedSlab, sharedTotal - sharedStart));
                var pack = new PackSharedBody<TKernel>(packing, slab, shared);
                Run((slab.Lines + pack.LinesPerTask - 1) / pack.LinesPerTask, ref pack, serial, workers);
                var multiply = new MultiplyBody<TKernel>(packing, slab, shared, owned, ownedBytes);
                Run((ownedTotal + plan.OwnedBlock - 1) / plan.OwnedBlock, ref multiply, serial, workers);
            }
        }
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

        internal int LinesPerTask
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
        public void Execute(int task, int worker)
        {
            var plan = packing.Plan;
            var first = task * plan.OwnedBlock;
            var count = Math.Min(plan.OwnedBlock, (plan.OwnsRows ? packing.Arguments.M : packing.Arguments.N) - first);
            var block = owned + (ownedBytes * (nuint)worker);
            packing.Pack(plan.OwnsRows, slab, first, count, 0, count, block);
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
}
