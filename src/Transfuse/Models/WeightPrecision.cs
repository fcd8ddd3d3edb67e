namespace Transfuse.Models;

/// <summary>How the weights of a loaded model lie in memory.</summary>
public enum WeightPrecision
{
    /// <summary>All widened to float32: 4 bytes a parameter, and everything can be trained.</summary>
    Float32,

    /// <summary>
    /// Matrices rest as the file has them (half precision, GGUF blocks) and are widened row by row while they are multiplied with: a half to
    /// an eighth of the memory, results of the same bits. They are frozen.
    /// </summary>
    AsStored,

    /// <summary>
    /// Matrices rest packed, in the order and the precision in which the device multiplies, so that no product packs them; those that would take more
    /// memory so rest as stored: quantised ones, and half precision where products are float32. They are frozen.
    /// </summary>
    Packed,
}
