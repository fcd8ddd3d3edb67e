namespace Transfuse.Alignment;

/// <summary>Rounding to bfloat16, nearest even, as the papers' code stores rewards, values and probabilities.</summary>
internal static class BFloat16Rounding
{
    internal static float Round(double value) => Round((float)value);

    internal static float Round(float value)
    {
        if (!float.IsFinite(value))
        {
            return value;
        }

        var bits = BitConverter.SingleToUInt32Bits(value);
        return BitConverter.UInt32BitsToSingle((bits + 0x7FFF + ((bits >> 16) & 1)) & 0xFFFF0000);
    }

    internal static void Round(Span<double> values)
    {
        foreach (ref var value in values)
        {
            value = Round(value);
        }
    }
}
