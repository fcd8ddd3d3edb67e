namespace Transfuse.Benchmarks.Kernels;

/// <summary>What <see cref="RowBenchmarks"/> runs.</summary>
public enum RowKernel
{
    /// <summary>y += x.</summary>
    Add,

    /// <summary>Root-mean-square norm.</summary>
    RmsNorm,

    /// <summary>SwiGLU's product.</summary>
    Gated,

    /// <summary>Its gradient.</summary>
    GatedBackward,
}
