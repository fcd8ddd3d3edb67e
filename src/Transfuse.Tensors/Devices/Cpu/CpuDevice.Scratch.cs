using Transfuse.Tensors.Devices.Cpu.Attention;
using Transfuse.Tensors.Devices.Cpu.Gemm;
using Transfuse.Tensors.Devices.Cpu.Gemm.Bf16;
using Transfuse.Tensors.Memory;
using Transfuse.Tensors.Simd;

namespace Transfuse.Tensors.Devices.Cpu;

/// <content>What operations take from the pool for the time of a call: they themselves, and rehearsals of them, ask here.</content>
public sealed unsafe partial class CpuDevice
{
    /// <inheritdoc/>
    public override Device CreateRehearsal() => new CpuRehearsal(this);

    /// <summary>Floats of scratch memory of a product of these sizes; 0 where it takes none.</summary>
    /// <param name="layout">Which operand is transposed.</param>
    /// <param name="m">Rows of the result.</param>
    /// <param name="n">Columns of the result.</param>
    /// <param name="k">Length of the sums.</param>
    /// <param name="isResting">Whether the second operand rests.</param>
    internal long MatMulScratch(MatMulLayout layout, int m, int n, int k, bool isResting)
    {
        if (m == 0 || n == 0 || k == 0)
        {
            return 0;
        }

        var arguments = new GemmArguments(layout, m, n, k, null, null, null, null);
        if (m <= DotGemm.MaximumRows && arguments.A.DepthContiguous && arguments.B.DepthContiguous)
        {
            // A worker widens four rows of a resting weight at a time.
            return isResting ? 4L * k * Threads : 0;
        }

        return Tier switch
        {
            KernelTier.Scalar => PackedScratch<SingleKernel<SimdScalar, TileProduct4, SimdScalar>>(default, arguments),
            KernelTier.Vector128 => PackedScratch<SingleKernel<Simd128, TileProduct4, Simd128>>(default, arguments),
            KernelTier.Vector256 => PackedScratch<SingleKernel<Simd256, TileProduct4, Simd128>>(default, arguments),
            KernelTier.Vector512BFloat16 when _bfloat16 is { } code => PackedScratch(new BFloat16Kernel(code), arguments),
            _ => PackedScratch<SingleKernel<Simd512, TileProduct8, Simd256>>(default, arguments),
        };
    }

    /// <summary>Bytes that attention takes for the time of the forward pass.</summary>
    internal void RentAttention(MemoryPool pool, AttentionOptions options, ReadOnlySpan<AttentionSegment> segments)
    {
        var tiles = AttentionPlan.CountParts(segments, AttentionTile.Size, ofKeys: false);
        var floats = Tier switch
        {
            KernelTier.Scalar => AttentionForward<SimdScalar>.ScratchFloats(options.HeadSize),
            KernelTier.Vector128 => AttentionForward<Simd128>.ScratchFloats(options.HeadSize),
            KernelTier.Vector256 => AttentionForward<Simd256>.ScratchFloats(options.HeadSize),
            _ => AttentionForward<Simd512>.ScratchFloats(options.HeadSize),
        };
        new AttentionScratch(pool, AttentionPlan.SizeInBytes(options, tiles) + DistanceBias.SizeInBytes(options, segments), Threads, floats).Dispose();
    }

    /// <summary>Bytes that attention takes for the time of the backward pass.</summary>
    internal void RentAttentionBackward(MemoryPool pool, AttentionOptions options, ReadOnlySpan<AttentionSegment> segments, bool withBias)
    {
        var (block, floats) = Tier switch
        {
            KernelTier.Scalar => (BackwardBuffers<SimdScalar>.KeysPerBlock(options.HeadSize), AttentionBackward<SimdScalar>.ScratchFloats(options.HeadSize)),
            KernelTier.Vector128 => (BackwardBuffers<Simd128>.KeysPerBlock(options.HeadSize), AttentionBackward<Simd128>.ScratchFloats(options.HeadSize)),
            KernelTier.Vector256 => (BackwardBuffers<Simd256>.KeysPerBlock(options.HeadSize), AttentionBackward<Simd256>.ScratchFloats(options.HeadSize)),
            _ => (BackwardBuffers<Simd512>.KeysPerBlock(options.HeadSize), AttentionBackward<Simd512>.ScratchFloats(options.HeadSize)),
        };
        var blocks = AttentionPlan.CountParts(segments, block, ofKeys: true);
        var sums = withBias ? DistanceBiasSums.SizeInBytes(options, blocks) : 0;
        var shared = sums + AttentionPlan.SizeInBytes(options, blocks) + DistanceBias.SizeInBytes(options, segments);
        new AttentionScratch(pool, shared, Threads, floats).Dispose();
    }

    // As PackedGemm.Run divides its memory: a shared block, and one of their own for the workers that take part.
    private long PackedScratch<TKernel>(TKernel kernel, in GemmArguments arguments)
        where TKernel : struct, IGemmKernel
    {
        const long serialMultiplications = 64 * 64 * 64;
        var plan = GemmPlan.For(arguments.M, arguments.N, arguments.K, kernel);
        var packing = new GemmPacking<TKernel>(kernel, arguments, plan);
        var workers = (long)arguments.M * arguments.N * arguments.K <= serialMultiplications ? 1 : Threads;
        return (long)(packing.SizeInBytes(!plan.OwnsRows, plan.SharedSlab) + (packing.SizeInBytes(plan.OwnsRows, plan.OwnedBlock) * (nuint)workers)) / sizeof(float);
    }
}
