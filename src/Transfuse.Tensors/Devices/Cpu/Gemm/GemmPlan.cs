namespace Transfuse.Tensors.Devices.Cpu.Gemm;

/// <summary>
/// How a product is cut into blocks that fit the caches. Follows from the shape and the kernel alone, so the order in which a sum is
/// formed does too.
/// </summary>
/// <remarks>
/// One operand is packed once per slab and shared by all tasks; each task owns a block of lines of the other, packs it for itself and
/// multiplies it with the whole slab. The longer dimension is the owned one. A tile's sum runs over a slab's depth in blocks of
/// <see cref="DepthBlock"/>; the output is read and written once a block.
/// </remarks>
internal readonly struct GemmPlan
{
    /// <summary>A block of B's panel of this depth stays in the first-level cache while the rows pass by.</summary>
    private const int MaximumDepthBlock = 256;

    /// <summary>Largest depth packed at once.</summary>
    private const int MaximumSlabDepth = 1024;

    /// <summary>A task's packed block, well inside the second-level cache.</summary>
    private const int OwnedBytes = 512 * 1024;

    /// <summary>The shared operand's packed slab, inside the third-level cache.</summary>
    private const int SharedBytes = 8 * 1024 * 1024;

    /// <summary>Tasks to have at least, where the shape allows: enough that threads finish together.</summary>
    private const int WantedTasks = 16;

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

    /// <summary>The plan for a shape without zeros.</summary>
    internal static GemmPlan For<TKernel>(int m, int n, int k, TKernel kernel)
        where TKernel : struct, IGemmKernel
    {
        var unit = Math.Max(8, kernel.DepthMultiple);
        var slabDepth = EvenPart(k, MaximumSlabDepth, unit);
        var depthBlock = EvenPart(slabDepth, MaximumDepthBlock, unit);
        var bytesPerLine = slabDepth * kernel.ElementSize;
        var ownsRows = m >= n;
        var (owned, shared) = ownsRows ? (m, n) : (n, m);
        var (ownedTile, sharedTile) = ownsRows ? (kernel.TileRows, kernel.TileColumns) : (kernel.TileColumns, kernel.TileRows);
        var ownedMaximum = Math.Min(OwnedBytes / bytesPerLine, (owned + WantedTasks - 1) / WantedTasks);
        return new GemmPlan(
            ownsRows,
            slabDepth,
            depthBlock,
            EvenPart(shared, Math.Max(SharedBytes / bytesPerLine, sharedTile), sharedTile),
            EvenPart(owned, Math.Max(ownedMaximum, ownedTile), ownedTile));
    }

    /// <summary>The smallest multiple of <paramref name="unit"/> that divides <paramref name="total"/> into as few parts as <paramref name="maximum"/> does.</summary>
    private static int EvenPart(int total, int maximum, int unit)
    {
        var parts = ((long)total + maximum - 1) / maximum;
        var part = (total + parts - 1) / parts;
        return (int)Math.Min((part + unit - 1) / unit * unit, int.MaxValue / unit * unit);
    }
}
