using Transfuse.Tensors.Devices.Cpu.Quantized;

namespace Transfuse.Tensors.Devices.Cpu.Gemm.Int8;

/// <summary>Scale and offset of 32 neighbouring elements of a quantised row: w = s·u − z with u from 0 to 255.</summary>
internal static unsafe class BlockScales
{
    /// <summary>Whether a type can be multiplied in integers. Types that are not quantised cannot: rounding them would lose what they were kept for.</summary>
    internal static bool AreIntegers(DType type) => type is not (DType.F32 or DType.F16 or DType.BF16);

    /// <summary>Whether 32 elements of a type have one scale, so that its values are kept exactly; scales of 16 elements are made one, and values rounded anew.</summary>
    internal static bool AreKept(DType type) => AreIntegers(type) && type is not (DType.Q2_K or DType.Q3_K or DType.Q6_K);

    /// <summary>Whether a type has offsets of its own, other than 128·s.</summary>
    internal static bool HaveMinima(DType type) => type is DType.Q4_1 or DType.Q5_1 or DType.Q4_K or DType.Q5_K;

    /// <summary>Scale and offset.</summary>
    /// <param name="type">Type of the row.</param>
    /// <param name="row">First byte of the row.</param>
    /// <param name="block">Which 32 elements.</param>
    /// <param name="values">Their values.</param>
    internal static (float Scale, float Offset) Of(DType type, byte* row, int block, ReadOnlySpan<float> values)
    {
        var bytes = row + ((long)(block * IntegerPanel.Depths / type.BlockElements()) * type.BlockBytes());
        switch (type)
        {
            case DType.Q4_0 or DType.Q5_0 or DType.Q8_0:
                return WithoutMinimum(BlockScale.Read(bytes));
            case DType.Q4_1 or DType.Q5_1:
                return (BlockScale.Read(bytes), -BlockScale.Read(bytes + 2));
            case DType.Q4_K or DType.Q5_K:
                var (scale, minimum) = SuperBlocks.SixBits(bytes + 4, block % (SuperBlocks.Elements / IntegerPanel.Depths));
                return (BlockScale.Read(bytes) * scale, BlockScale.Read(bytes + 2) * minimum);
            default:
                var most = 0f;
                foreach (var value in values)
                {
                    most = MathF.Max(most, MathF.Abs(value));
                }

                return WithoutMinimum(most / 127);
        }
    }

    private static (float Scale, float Offset) WithoutMinimum(float scale) => (scale, IntegerPanel.Zero * scale);
}
