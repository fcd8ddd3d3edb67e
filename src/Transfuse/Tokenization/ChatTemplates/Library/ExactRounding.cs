using System.Globalization;
using System.Numerics;

namespace Transfuse.Tokenization.ChatTemplates.Library;

/// <summary>Decimal rounding of floats, half to even on their exact values, as Python's <c>round</c> and formats do it.</summary>
internal static class ExactRounding
{
    private const int MaxPlaces = 400;

    /// <summary>The float closest to the value rounded to a number of decimal places, which may be negative.</summary>
    internal static double Round(double value, int places)
    {
        if (!double.IsFinite(value) || places > MaxPlaces)
        {
            return value;
        }

        if (places < -MaxPlaces)
        {
            return double.CopySign(0, value);
        }

        var scaled = Scaled(Math.Abs(value), places);
        var text = string.Create(CultureInfo.InvariantCulture, $"{scaled}E{-places}");
        return double.CopySign(double.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture), value);
    }

    // value · 10^places, rounded half to even; value = mantissa · 2^exponent exactly.
    private static BigInteger Scaled(double value, int places)
    {
        var bits = BitConverter.DoubleToInt64Bits(value);
        var biased = (int)((bits >> 52) & 0x7FF);
        var mantissa = new BigInteger((bits & 0xFFFFFFFFFFFFF) | (biased == 0 ? 0 : 1L << 52));
        var exponent = Math.Max(biased, 1) - 1075;
        var numerator = mantissa * (exponent > 0 ? BigInteger.One << exponent : BigInteger.One) * (places > 0 ? BigInteger.Pow(10, places) : BigInteger.One);
        var denominator = (exponent < 0 ? BigInteger.One << -exponent : BigInteger.One) * (places < 0 ? BigInteger.Pow(10, -places) : BigInteger.One);
        var quotient = BigInteger.DivRem(numerator, denominator, out var rest);
        var order = (rest * 2).CompareTo(denominator);
        return order > 0 || (order == 0 && !quotient.IsEven) ? quotient + 1 : quotient;
    }
}
