namespace Transfuse.Tensors;

/// <summary>
/// How elements rest in memory or in a file. Kernels compute in float32; the other types are for weights, which are widened when they
/// are read. Names are those of GGUF.
/// </summary>
public enum DType
{
    /// <summary>IEEE single precision.</summary>
    F32,

    /// <summary>IEEE half precision.</summary>
    F16,

    /// <summary>The upper half of a float32.</summary>
    BF16,

    /// <summary>Blocks of 32: 4 bits an element, one scale.</summary>
    Q4_0,

    /// <summary>Blocks of 32: 4 bits an element, scale and minimum.</summary>
    Q4_1,

    /// <summary>Blocks of 32: 5 bits an element, one scale.</summary>
    Q5_0,

    /// <summary>Blocks of 32: 5 bits an element, scale and minimum.</summary>
    Q5_1,

    /// <summary>Blocks of 32: 8 bits an element, one scale.</summary>
    Q8_0,

    /// <summary>Blocks of 256: 2 bits an element, 4-bit scales and minima of 16 elements.</summary>
    Q2_K,

    /// <summary>Blocks of 256: 3 bits an element, 6-bit scales of 16 elements.</summary>
    Q3_K,

    /// <summary>Blocks of 256: 4 bits an element, 6-bit scales and minima of 32 elements.</summary>
    Q4_K,

    /// <summary>Blocks of 256: 5 bits an element, 6-bit scales and minima of 32 elements.</summary>
    Q5_K,

    /// <summary>Blocks of 256: 6 bits an element, 8-bit scales of 16 elements.</summary>
    Q6_K,
}
