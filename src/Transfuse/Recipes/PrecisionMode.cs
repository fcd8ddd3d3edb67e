namespace Transfuse.Recipes;

/// <summary>Precision of the operands of matrix products; parameters, sums and optimiser states are float32 in any case.</summary>
public enum PrecisionMode
{
    /// <summary>The same on every machine.</summary>
    Float32,

    /// <summary>Half the bits and, on AMD since Zen 4, up to twice the speed; float32 where the processor lacks the instruction, with a note.</summary>
    Bfloat16,

    /// <summary>Bfloat16 where it is the faster, float32 elsewhere: results depend on the machine.</summary>
    Auto,

    /// <summary>Integers of 8 bits with weights that a file has quantised, which rounds activations to 8 bits, too; all else as <see cref="Auto"/>.</summary>
    Int8,
}
