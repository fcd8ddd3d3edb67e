using System.Globalization;
using System.Numerics;

namespace Transfuse.Tokenization.ChatTemplates.Values;

/// <summary>Whole numbers as floats, rounded to the nearest as in Python, where .NET's conversion cuts.</summary>
internal static class RealNumbers
{
    private const int ExactBits = 53;
    private const int QuotientBits = 66;

    /// <summary>The float nearest to a whole number.</summary>
    internal static double Of(BigInteger number) => number.GetBitLength() <= ExactBits
        ? (double)number
        : double.Parse(number.ToString(CultureInfo.InvariantCulture), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);

    /// <summary>The float nearest to a quotient of whole numbers.</summary>
    internal static double Divide(BigInteger left, BigInteger right)
    {
        if (left.GetBitLength() <= ExactBits && right.GetBitLength() <= ExactBits)
        {
            return (double)left / (double)right;
        }

        // More bits than a float has, the last of which tells whether anything follows.
        var shift = QuotientBits - (int)(BigInteger.Abs(left).GetBitLength() - BigInteger.Abs(right).GetBitLength());
        var (numerator, denominator) = (BigInteger.Abs(left) << Math.Max(shift, 0), BigInteger.Abs(right) << Math.Max(-shift, 0));
        var quotient = BigInteger.DivRem(numerator, denominator, out var rest);
        var value = Math.ScaleB(Of(rest.IsZero ? quotient : quotient | 1), -shift);
        return left.Sign == right.Sign ? value : -value;
    }
}
