namespace Transfuse.Models;

/// <summary>What a parameter is for, which decides how it starts and whether it decays.</summary>
internal enum WeightRole
{
    /// <summary>Embedding or head.</summary>
    Embedding,

    /// <summary>A projection.</summary>
    Matrix,

    /// <summary>A projection whose output is added to the residual stream.</summary>
    ResidualMatrix,

    /// <summary>Scale of a norm.</summary>
    NormWeight,

    /// <summary>Scale of a norm, stored less 1.</summary>
    NormOffset,

    /// <summary>Bias of a projection or norm.</summary>
    Bias,
}
