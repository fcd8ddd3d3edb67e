using Transfuse.Tensors.Devices.Cpu.Gemm;
using Transfuse.Tensors.Devices.Cpu.Gemm.Bf16;
using Transfuse.Tensors.Devices.Cpu.Gemm.Int8;
using Transfuse.Tensors.Devices.Cpu.Quantized;
using Transfuse.Tensors.Errors;
using Transfuse.Tensors.Memory;
using Transfuse.Tensors.Parallelism;
using Transfuse.Tensors.Simd;

namespace Transfuse.Tensors.Devices.Cpu;

public sealed unsafe partial class CpuDevice
{
    /// <inheritdoc/>
    /// <remarks>
    /// Sums run in float32 over blocks of at most 256 depths, and the blocks are added up. The destination must not overlap an operand. With
    /// <see cref="ProductPrecision.BFloat16"/> operands are rounded on the way, except in products of a few rows, which memory bounds anyway.
    /// </remarks>
    /// <exception cref="ShapeMismatchException">The inner dimensions differ, or the destination or addend does not fit.</exception>
    public override void MatMul(MatMulLayout layout, Tensor a, Tensor b, Tensor destination, Tensor? addend = null)
    {
        ArgumentNullException.ThrowIfNull(a);
        ArgumentNullException.ThrowIfNull(b);
        ArgumentNullException.ThrowIfNull(destination);
        var (rowsA, rowsB) = (RowCount(a.Shape), RowCount(b.Shape));
        var (m, k) = layout == MatMulLayout.TN ? (a.Columns, rowsA) : (rowsA, a.Columns);
        var (n, depthB) = layout == MatMulLayout.NT ? (rowsB, b.Columns) : (b.Columns, rowsB);
        if (k != depthB)
        {
            throw new ShapeMismatchException("MatMul", $"{a.Shape} and {b.Shape} as {layout}", "equal inner dimensions");
        }

        if (RowCount(destination.Shape) != m || destination.Columns != n)
        {
            throw new ShapeMismatchException("MatMul", $"destination {destination.Shape}", $"{new Shape(m, n)}");
        }

        if (addend is not null && (RowCount(addend.Shape) != m || addend.Columns != n))
        {
            throw new ShapeMismatchException("MatMul", $"addend {addend.Shape}", $"{new Shape(m, n)}");
        }

        var product = new GemmArguments(
            layout, m, n, k, a.IsResting ? null : a.Data, DataUnlessResting(b), destination.Data, addend is null ? null : addend.Data, b.Resting);
        Multiply(a.IsResting ? product with { A = RoundedRowsOf(a, layout) } : product);
    }

    /// <summary>The product by address, in this device's tier.</summary>
    internal void Multiply(in GemmArguments arguments)
    {
        if (arguments.M == 0 || arguments.N == 0)
        {
            return;
        }

        if (arguments.K == 0)
        {
            CopyAddend(arguments);
            return;
        }

        if (_integers is not null && arguments.B is { DepthContiguous: true, Resting: IntegerRows rows })
        {
            IntegerGemm.Run(arguments, rows, _integers, _workers, Memory);
            return;
        }

        var product = new Product(arguments, _workers, Memory);
        WithKernel(ref product);
    }

    /// <summary>Floats that the second operand of a product takes when packed whole; 0 if it rests so already.</summary>
    internal long PackedColumnsFloats(in GemmArguments arguments)
    {
        var size = new PackedSize(arguments, Threads);
        WithKernel(ref size);
        return size.Floats;
    }

    /// <summary>Packs the second operand of a product whole, for other products with it.</summary>
    /// <param name="arguments">One of the products.</param>
    /// <param name="destination">Room for <see cref="PackedColumnsFloats"/> values; stays the caller's.</param>
    /// <returns>What lies there.</returns>
    internal PackedColumns PackColumns(in GemmArguments arguments, float* destination)
    {
        PackRows(arguments, (byte*)destination);
        return new PackedColumns((nint)destination);
    }

    /// <inheritdoc/>
    public override Tensor? PackWeight(Tensor weight, bool exact)
    {
        ArgumentNullException.ThrowIfNull(weight);
        return PackWeight(weight, exact, Memory);
    }

    /// <summary><see cref="PackWeight(Tensor, bool)"/> into a pool; rehearsals ask here, too.</summary>
    internal Tensor? PackWeight(Tensor weight, bool exact, MemoryPool pool)
    {
        if (weight.Length == 0)
        {
            return null;
        }

        if (_integers is not null && weight.Resting is StoredRows quantised && quantised.Types.All(exact ? BlockScales.AreKept : BlockScales.AreIntegers))
        {
            return PackIntegers(weight, quantised, pool);
        }

        var size = _bfloat16 is null ? sizeof(float) : sizeof(ushort);
        var (grows, rounds) = weight.Resting switch
        {
            null => (false, size < sizeof(float)),
            StoredRows stored => (
                stored.Types.Any(type => type.BlockBytes() < size * type.BlockElements()), size < sizeof(float) && stored.Types.Any(type => type != DType.BF16)),
            _ => (true, false),
        };
        if (grows || (exact && rounds))
        {
            return null;
        }

        var arguments = new GemmArguments(
            MatMulLayout.NT, weight.Rows, weight.Rows, weight.Columns, null, weight.IsRehearsed ? null : DataUnlessResting(weight), null, null, weight.Resting);
        return Tensor.AllocateResting(pool, weight.Shape, PackedColumnsFloats(arguments) * sizeof(float), address => PackRows(arguments, (byte*)address));
    }

    private Tensor PackIntegers(Tensor weight, StoredRows source, MemoryPool pool)
    {
        var (rows, columns) = (weight.Rows, weight.Columns);
        var hasMinima = source.Types.Any(BlockScales.HaveMinima);
        return Tensor.AllocateResting(pool, weight.Shape, IntegerRows.SizeInBytes(rows, columns, hasMinima), address =>
        {
            var packed = new IntegerRows((byte*)address, rows, columns, hasMinima);
            if (address != 0)
            {
                packed.Fill(source, _workers);
            }

            return packed;
        });
    }

    // Describes the rows that it packs; where there is no room to pack to, that is all.
    private PackedRows PackRows(in GemmArguments arguments, byte* destination)
    {
        var packing = new ColumnPacking(arguments, destination, _workers);
        WithKernel(ref packing);
        return packing.Packed!;
    }

    /// <summary>Hands the kernel of this device's tier and precision to <paramref name="user"/>.</summary>
    private void WithKernel<TUser>(ref TUser user)
        where TUser : struct, IKernelUser
    {
        switch (Tier)
        {
            case KernelTier.Scalar:
                user.Use<SimdScalar, SingleKernel<SimdScalar, TileProduct4, SimdScalar>>(default);
                break;
            case KernelTier.Vector128:
                user.Use<Simd128, SingleKernel<Simd128, TileProduct4, Simd128>>(default);
                break;
            case KernelTier.Vector256:
                user.Use<Simd256, SingleKernel<Simd256, TileProduct4, Simd128>>(default);
                break;
            case KernelTier.Vector512BFloat16 when _bfloat16 is { } code:
                user.Use<Simd512, BFloat16Kernel>(new BFloat16Kernel(code));
                break;
            default:
                user.Use<Simd512, SingleKernel<Simd512, TileProduct8, Simd256>>(default);
                break;
        }
    }

    // The first operand where it was rounded: only kernels that round read that.
    private GemmOperand RoundedRowsOf(Tensor a, MatMulLayout layout) => _bfloat16 is null
        ? throw new InvalidOperationException($"MatMul: this device multiplies in float32; its first operand {a.Shape} cannot rest.")
        : new GemmOperand(RoundedData(a), a.Columns, layout != MatMulLayout.TN, sizeof(ushort));

    /// <summary>The elements of a weight that kernels may also take resting; null if it rests.</summary>
    internal static float* DataUnlessResting(Tensor weight) => weight.IsResting ? null : weight.Data;

    // An empty sum: the addend alone, or zero.
    private static void CopyAddend(in GemmArguments arguments)
    {
        for (nint row = 0; row < arguments.M; row++)
        {
            var destination = new Span<float>(arguments.Destination + (row * arguments.N), arguments.N);
            if (arguments.Addend == null)
            {
                destination.Clear();
            }
            else
            {
                new ReadOnlySpan<float>(arguments.Addend + (row * arguments.N), arguments.N).CopyTo(destination);
            }
        }
    }

    // Shape.Rows is 0 for a matrix without columns, whose rows count here.
    private static int RowCount(Shape shape)
    {
        long rows = 1;
        for (var axis = 0; axis < shape.Rank - 1; axis++)
        {
            rows = checked(rows * shape[axis]);
        }

        return checked((int)rows);
    }

    private readonly struct Product(GemmArguments arguments, WorkerPool workers, MemoryPool memory) : IKernelUser
    {
        public void Use<TVector, TKernel>(TKernel kernel)
            where TVector : unmanaged, IVector<TVector>
            where TKernel : struct, IGemmKernel
        {
            var product = arguments.For(kernel);
            if (DotGemm.Suits(product, kernel.ElementSize))
            {
                DotGemm.Run<TVector>(product, workers, memory);
            }
            else
            {
                PackedGemm.Run(kernel, product, workers, memory);
            }
        }
    }

    private static GemmPacking<TKernel> Planned<TKernel>(TKernel kernel, in GemmArguments arguments, int workers)
        where TKernel : struct, IGemmKernel =>
        new(kernel, arguments, GemmPlan.For(arguments.M, arguments.N, arguments.K, kernel, workers));

    private struct PackedSize(GemmArguments arguments, int workers) : IKernelUser
    {
        internal long Floats { get; private set; }

        public void Use<TVector, TKernel>(TKernel kernel)
            where TVector : unmanaged, IVector<TVector>
            where TKernel : struct, IGemmKernel => Floats =
            arguments.B.Resting is not IntegerRows && arguments.For(kernel).PackedB is null ? PackedGemm.PackedFloats(Planned(kernel, arguments, workers)) : 0;
    }

    private struct ColumnPacking(GemmArguments arguments, byte* destination, WorkerPool workers) : IKernelUser
    {
        internal PackedRows? Packed { get; private set; }

        public void Use<TVector, TKernel>(TKernel kernel)
            where TVector : unmanaged, IVector<TVector>
            where TKernel : struct, IGemmKernel
        {
            var packing = Planned(kernel, arguments, workers.WorkerCount);
            Packed = PackedRows.Of(kernel, packing, destination);
            if (destination != null)
            {
                PackedGemm.Pack(packing, destination, workers);
            }
        }
    }
}
