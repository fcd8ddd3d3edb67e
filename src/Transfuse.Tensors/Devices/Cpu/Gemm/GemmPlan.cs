namespace Transfuse.Tensors.Devices.Cpu.Gemm;

/// <summary>
/// How a product is cut into blocks that fit the caches. What decides the order in which a sum is formed, the blocks of the depth, follows from the
/// shape and the kernel alone; only how the output's lines are shared out to tasks depends on the number of workers.
/// </summary>
/// <remarks>
/// One operand is packed once per slab and shared by all tasks; each task owns a block of lines of the other, packs it for itself and
/// multiplies it with the whole slab. The longer dimension is the owned one. A tile's sum runs over a slab's depth in blocks of
/// <see cref="DepthBlock"/>; the output is read and written once a block.
/// </remarks>
internal readonly struct GemmPlan
{
    /// <summary>Bytes of a line of a depth block: such a block of B's panel stays near the first-level cache while the rows pass by.</summary>
    private const int DepthBlockBytes = 1024;

    /// <summary>Bytes of a line that is packed at once.</summary>
    private const int SlabDepthBytes = 4096;

    /// <summary>
    /// Sums of this depth and more, of gradients of weights, pass over the output often anyway: slabs of half the depth stay in the second-level
    /// cache. Only where a block ends in the middle, so that the order of the sum does not depend on it.
    /// </summary>
    private const int DeepSum = 2048;

    /// <summary>A task's packed block, well inside the second-level cache.</summary>
    private const int OwnedBytes = 512 * 1024;

    /// <summary>The shared operand's packed slab, inside the third-level cache.</summary>
    private const int SharedBytes = 8 * 1024 * 1024;

    /// <summary>Tasks of a worker to have at least, where the shape allows: enough that threads finish together even if one is disturbed.</summary>
    private const int TasksPerWorker = 3;

    /// <summary>What it costs a task to read the shared slab once, in tiles of every panel.</summary>
    private const double SlabTiles = 0.7;

    /// <summary>Longest block of rows that passes by a panel of B before the next panel's turn.</summary>
    private const int MaximumRowBlock = 512;

    private GemmPlan(bool ownsRows, int slabDepth, int depthBlock, int sharedSlab, int ownedBlock)
    {
        OwnsRows = ownsRows;
        SlabDepth = slabDepth;
        DepthBlock = depthBlock;
        SharedSlab = sharedSlab;
        OwnedBlock = ownedBlock;
    }

    /// <summary>Whether tasks own rows of A and share B, or own columns of B and share A.</summary>
    internal bool OwnsRows { get; }

    /// <summary>Depth packed at once.</summary>
    internal int SlabDepth { get; }

    /// <summary>Depth that is summed in registers.</summary>
    internal int DepthBlock { get; }

    /// <summary>Lines of the shared operand packed at once.</summary>
    internal int SharedSlab { get; }

    /// <summary>Lines that one task owns.</summary>
    internal int OwnedBlock { get; }

    /// <summary>Rows of a block within a task.</summary>
    internal static int RowBlock => MaximumRowBlock;

    /// <summary>Parts of at most <paramref name="part"/> that a total has.</summary>
    internal static int Parts(int total, int part) => (total + part - 1) / part;

    /// <summary>The plan for a shape without zeros.</summary>
    internal static GemmPlan For<TKernel>(int m, int n, int k, TKernel kernel, int workers)
        where TKernel : struct, IGemmKernel
    {
        var slabDepth = EvenPart(k, SlabDepthBytes / kernel.ElementSize, kernel.DepthUnit);
        var depthBlock = EvenPart(slabDepth, DepthBlockBytes / kernel.ElementSize, kernel.DepthUnit);
        if (k >= DeepSum && slabDepth % (2 * depthBlock) == 0)
        {
            slabDepth /= 2;
        }

        var bytesPerLine = slabDepth * kernel.ElementSize;
        var ownsRows = m >= n;
        var (owned, shared) = ownsRows ? (m, n) : (n, m);
        var (ownedTile, sharedTile) = ownsRows ? (kernel.TileRows, kernel.TileColumns) : (kernel.TileColumns, kernel.TileRows);
        return new GemmPlan(
            ownsRows,
            slabDepth,
            depthBlock,
            EvenPart(shared, Math.Max(SharedBytes / bytesPerLine, sharedTile), sharedTile),
            OwnedTiles(Parts(owned, ownedTile), OwnedBytes / bytesPerLine / ownedTile, workers) * ownedTile);
    }

    /// <summary>Tiles of a task, so that the workers are done soonest if each takes the same number of tasks.</summary>
    private static int OwnedTiles(int tiles, int maximum, int workers)
    {
        var (best, bestCost) = (1, double.PositiveInfinity);
        for (var count = Math.Max(1, Math.Min(maximum, tiles / (TasksPerWorker * workers))); count > 0; count--)
        {
            var cost = Parts(Parts(tiles, count), workers) * (count + SlabTiles);
            if (cost < bestCost)
            {
                (best, bestCost) = (count, cost);
            }
        }

        return best;
    }

    /// <summary>The smallest multiple of <paramref name="unit"/> that divides <paramref name="total"/> into as few parts as <paramref name="maximum"/> does.</summary>
    private static int EvenPart(int total, int maximum, int unit)
    {
        var parts = ((long)total + maximum - 1) / maximum;
        var part = (total + parts - 1) / parts;
        return (int)Math.Min((part + unit - 1) / unit * unit, int.MaxValue / unit * unit);
    }
}
