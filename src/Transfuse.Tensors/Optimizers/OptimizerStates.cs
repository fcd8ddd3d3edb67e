namespace Transfuse.Tensors.Optimizers;

/// <summary>How AdamW keeps its two moments between steps.</summary>
public enum OptimizerStates
{
    /// <summary>Exactly: 8 bytes a parameter.</summary>
    Float32,

    /// <summary>Rounded at random to bfloat16, right on average: 4 bytes a parameter.</summary>
    Bfloat16,

    /// <summary>As 8-bit codes of a dynamic range for each 256 elements (Dettmers et al. 2022): 2.03 bytes a parameter.</summary>
    Int8,
}
