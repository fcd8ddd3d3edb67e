using Transfuse.Tensors.Devices.Cpu.Attention;
using Transfuse.Tensors.Devices.Cpu.Gemm;
using Transfuse.Tensors.Devices.Cpu.Gemm.Int8;
using Transfuse.Tensors.Devices.Cpu.Quantized;
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
    /// <param name="resting">Rows of the second operand where it rests.</param>
    internal long MatMulScratch(MatMulLayout layout, int m, int n, int k, RestingRows? resting)
    {
        if (m == 0 || n == 0 || k == 0)
        {
            return 0;
        }

        if (_integers is not null && resting is IntegerRows && layout == MatMulLayout.NT)
        {
            return IntegerGemm.ScratchFloats(m, k);
        }

        var scratch = new ProductScratch(new GemmArguments(layout, m, n, k, null, null, null, null, resting), Threads);
        WithKernel(ref scratch);
        return scratch.Floats;
    }

    /// <summary>What attention takes for the time of the forward pass.</summary>
    internal AttentionScratch RentAttention(MemoryPool pool, AttentionOptions options, ReadOnlySpan<AttentionSegment> segments)
    {
        var tiles = AttentionPlan.CountParts(segments, AttentionTile.Size, ofKeys: false);
        return new AttentionScratch(
            pool, 0, AttentionPlan.SizeInBytes(options, tiles), DistanceBias.SizeInBytes(options, segments), Threads, AttentionFloats(options).Forward);
    }

    /// <summary>What attention takes for the time of the backward pass, with or without the gradient of a bias.</summary>
    internal AttentionScratch RentAttentionBackward(MemoryPool pool, AttentionOptions options, ReadOnlySpan<AttentionSegment> segments, bool withBias)
    {
        var blocks = AttentionPlan.CountParts(segments, BackwardBuffers.KeysPerBlock(options.HeadSize), ofKeys: true);
        var sums = withBias ? DistanceBiasSums.SizeInBytes(options, blocks) : 0;
        return new AttentionScratch(
            pool, sums, AttentionPlan.SizeInBytes(options, blocks), DistanceBias.SizeInBytes(options, segments), Threads, AttentionFloats(options).Backward);
    }

    private (long Forward, long Backward) AttentionFloats(AttentionOptions options)
    {
        var sizes = new AttentionSizes(options.HeadSize);
        WithKernel(ref sizes);
        return (sizes.Forward, sizes.Backward);
    }

    private struct AttentionSizes(int headSize) : IKernelUser
    {
        internal long Forward { get; private set; }

        internal long Backward { get; private set; }

        public void Use<TVector, TKernel>(TKernel kernel)
            where TVector : unmanaged, IVector<TVector>
            where TKernel : struct, IGemmKernel
        {
            var padded = AttentionArguments.RoundUp<TVector>(headSize);
            (Forward, Backward) = (ForwardBuffers.Floats(headSize, padded), BackwardBuffers.Floats(headSize, padded, kernel.ElementSize));
        }
    }

    private struct ProductScratch(GemmArguments arguments, int workers) : IKernelUser
    {
        internal long Floats { get; private set; }

        public void Use<TVector, TKernel>(TKernel kernel)
            where TVector : unmanaged, IVector<TVector>
            where TKernel : struct, IGemmKernel
        {
            var product = arguments.For(kernel);
            Floats = DotGemm.Suits(product, kernel.ElementSize)
                ? DotGemm.ScratchFloats(product.K, product.B.Resting is not null, workers)
                : PackedGemm.ScratchFloats(Planned(kernel, product, workers), workers);
        }
    }
}
