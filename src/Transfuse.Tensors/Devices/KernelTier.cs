namespace Transfuse.Tensors.Devices;

/// <summary>The widest instructions that kernels may use. Results differ between tiers only in the last bits.</summary>
public enum KernelTier
{
    /// <summary>No vectors: the form that specifies the others.</summary>
    Scalar,

    /// <summary>128-bit vectors (SSE, NEON).</summary>
    Vector128,

    /// <summary>256-bit vectors with fused multiply-add (AVX2).</summary>
    Vector256,

    /// <summary>512-bit vectors (AVX-512F).</summary>
    Vector512,

    /// <summary>512-bit vectors and bfloat16 dot products (AVX512_BF16).</summary>
    Vector512BFloat16,
}
