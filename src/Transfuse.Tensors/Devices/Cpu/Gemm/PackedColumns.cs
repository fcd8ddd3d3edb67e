namespace Transfuse.Tensors.Devices.Cpu.Gemm;

/// <summary>A second operand that was packed whole, for several products with it: the blocks that <see cref="PackedGemm"/> would pack each time, one after the other.</summary>
/// <param name="plan">The plan that it was packed for.</param>
/// <param name="data">The blocks, depth after depth; owned by the caller.</param>
internal readonly unsafe struct PackedColumns(GemmPlan plan, byte* data)
{
    private readonly GemmPlan _plan = plan;

    /// <summary>First block.</summary>
    internal byte* Data { get; } = data;

    /// <summary>Whether a product with this plan reads the same blocks: another number of rows may change the plan.</summary>
    internal bool Fits(in GemmPlan plan) =>
        Data != null && plan.OwnsRows == _plan.OwnsRows && plan.SlabDepth == _plan.SlabDepth && plan.DepthBlock == _plan.DepthBlock
        && (plan.OwnsRows ? plan.SharedSlab == _plan.SharedSlab : plan.OwnedBlock == _plan.OwnedBlock);
}
