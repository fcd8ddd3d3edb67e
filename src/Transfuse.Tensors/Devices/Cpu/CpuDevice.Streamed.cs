using Transfuse.Tensors.Devices.Cpu.Gemm;
using Transfuse.Tensors.Devices.Cpu.Gemm.Int8;
using Transfuse.Tensors.Memory;
using Transfuse.Tensors.Parallelism;
using Transfuse.Tensors.Simd;

namespace Transfuse.Tensors.Devices.Cpu;

/// <content>Products whose output is read part by part and not kept.</content>
public sealed unsafe partial class CpuDevice
{
    /// <summary>Bytes of the gradient of a logit: what products would round is stored rounded.</summary>
    internal int GradientSize => _bfloat16 is null ? sizeof(float) : sizeof(ushort);

    /// <summary>
    /// Columns of the parts in which <see cref="Stream"/> hands a product on, and whether it has to be stored first: products of integers are, and those of so few
    /// rows that packing the weight would take longer than reading it.
    /// </summary>
    internal (int Columns, bool Stores) StreamedParts(in GemmArguments product)
    {
        var sizes = new StreamSizes(product, Threads);
        WithKernel(ref sizes);
        return (sizes.Columns, sizes.IsOfFewRows || (_integers is not null && product.B.Resting is IntegerRows));
    }

    /// <summary>Takes the memory that <see cref="Stream"/> needs for the time of a product, for a rehearsal.</summary>
    internal void RentStream(MemoryPool memory, in GemmArguments product)
    {
        var sizes = new StreamSizes(product, Threads);
        WithKernel(ref sizes);
        new ScratchMemory(memory, sizes.Floats).Dispose();
    }

    /// <summary>Computes a product part by part for <paramref name="reader"/>; where it has a destination it is stored there first.</summary>
    internal void Stream<TReader>(in GemmArguments product, int columns, TReader reader)
        where TReader : struct, ITileReader
    {
        if (product.Destination != null)
        {
            Multiply(product);
            var tiles = new StoredTiles<TReader>(product.Destination, product.M, product.N, columns, reader);
            Run(tiles.TaskCount, tiles);
            return;
        }

        var streamed = new Streamed<TReader>(product, reader, _workers, Memory);
        WithKernel(ref streamed);
    }

    private struct StreamSizes(GemmArguments product, int workers) : IKernelUser
    {
        internal int Columns { get; private set; }

        internal long Floats { get; private set; }

        internal bool IsOfFewRows { get; private set; }

        public void Use<TVector, TKernel>(TKernel kernel)
            where TVector : unmanaged, IVector<TVector>
            where TKernel : struct, IGemmKernel
        {
            Columns = StreamedGemm.Columns(kernel, product.K);
            IsOfFewRows = DotGemm.Suits(product.For(kernel), kernel.ElementSize);
            Floats = StreamedGemm.ScratchFloats(kernel, Planned(kernel, product.For(kernel), workers), workers);
        }
    }

    private readonly struct Streamed<TReader>(GemmArguments product, TReader reader, WorkerPool workers, MemoryPool memory) : IKernelUser
        where TReader : struct, ITileReader
    {
        public void Use<TVector, TKernel>(TKernel kernel)
            where TVector : unmanaged, IVector<TVector>
            where TKernel : struct, IGemmKernel =>
            StreamedGemm.Run<TVector, TKernel, TReader>(kernel, Planned(kernel, product.For(kernel), workers.WorkerCount), reader, workers, memory);
    }
}
