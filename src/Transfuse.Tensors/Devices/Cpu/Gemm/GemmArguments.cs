using Transfuse.Tensors.Devices.Cpu.Quantized;

namespace Transfuse.Tensors.Devices.Cpu.Gemm;

/// <summary>destination [m, n] = op(A)·op(B) + addend over a common dimension k, by address.</summary>
internal readonly unsafe struct GemmArguments
{
    /// <summary>Describes a product.</summary>
    /// <param name="layout">Which operand is stored transposed.</param>
    /// <param name="m">Rows of the output.</param>
    /// <param name="n">Columns of the output.</param>
    /// <param name="k">Common dimension.</param>
    /// <param name="a">First operand.</param>
    /// <param name="b">Second operand.</param>
    /// <param name="destination">Output [m, n]; overlaps neither operand.</param>
    /// <param name="addend">[m, n], null for none; may be the destination itself.</param>
    /// <param name="restingB">Rows of the second operand where it rests; then <paramref name="b"/> is null.</param>
    internal GemmArguments(
        MatMulLayout layout, int m, int n, int k, float* a, float* b, float* destination, float* addend, RestingRows? restingB = null)
    {
        (M, N, K) = (m, n, k);
        A = layout == MatMulLayout.TN ? new GemmOperand(a, m, false) : new GemmOperand(a, k, true);
        B = layout == MatMulLayout.NT ? new GemmOperand(b, k, true, resting: restingB) : new GemmOperand(b, n, false, resting: restingB);
        Destination = destination;
        Stride = n;
        Addend = addend;
    }

    /// <summary>Rows of the output.</summary>
    internal int M { get; }

    /// <summary>Columns of the output.</summary>
    internal int N { get; }

    /// <summary>Common dimension.</summary>
    internal int K { get; }

    /// <summary>Lines are rows of the output.</summary>
    internal GemmOperand A { get; init; }

    /// <summary>Lines are columns of the output.</summary>
    internal GemmOperand B { get; }

    /// <summary>The second operand packed whole, by the same kernel for the same depth; null where that was not done.</summary>
    internal PackedColumns? PackedB { get; init; }

    /// <summary>Whether the sums of a row must have the same order however many rows there are.</summary>
    internal bool HasFixedOrder { get; init; }

    /// <summary>The product for a kernel: with B packed, if it rests as this kernel packs it.</summary>
    internal GemmArguments For<TKernel>(TKernel kernel)
        where TKernel : struct, IGemmKernel =>
        B is { DepthContiguous: true, Resting: PackedRows packed } ? this with { PackedB = packed.For(kernel) } : this;

    /// <summary>Output [m, n].</summary>
    internal float* Destination { get; init; }

    /// <summary>Elements from one row of output and addend to the next.</summary>
    internal nint Stride { get; init; }

    /// <summary>[m, n] or null.</summary>
    internal float* Addend { get; }
}
