using System.Runtime.CompilerServices;

namespace Transfuse.Tensors.Devices.Cpu.Optimizer;

/// <summary>
/// 256 numbers in [−1, 1] or [0, 1] that a byte stands for, in the dynamic range of Dettmers et al. 2022 ("8-bit optimizers via block-wise
/// quantization", after Dettmers 2016): a byte begins with zeros that count decades, and what bits are left divide the decade from 0.1 to 1 evenly.
/// So numbers near the largest have seven bits and the smallest are 10⁻⁷ of it.
/// </summary>
internal sealed class DynamicCodes
{
    private const int Decades = 7;
    private readonly float[] _values;
    private readonly float[] _borders;
    private readonly int _zero;

    private DynamicCodes(bool isSigned)
    {
        var values = new List<double> { 0, 1 };
        for (var decade = 0; decade < Decades; decade++)
        {
            // Without a sign there is one bit more for the fraction.
            var parts = 1 << (isSigned ? decade : decade + 1);
            var unit = Math.Pow(10, decade - (Decades - 1));
            for (var part = 0; part < parts; part++)
            {
                var middle = unit * (0.1 + (0.9 * (part + 0.5) / parts));
                values.Add(middle);
                if (isSigned)
                {
                    values.Add(-middle);
                }
            }
        }

        values.Sort();
        _values = [.. values.Select(value => (float)value)];
        _borders = [.. _values.Zip(_values.Skip(1), (low, high) => (float)(((double)low + high) / 2))];
        _zero = Array.IndexOf(_values, 0f);
    }

    /// <summary>For the first moment.</summary>
    internal static DynamicCodes Signed { get; } = new(isSigned: true);

    /// <summary>For the root of the second moment.</summary>
    internal static DynamicCodes Unsigned { get; } = new(isSigned: false);

    /// <summary>The number that a code stands for.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal float Decode(byte code) => _values[code];

    /// <summary>The code of the nearest number; of a number that is not a number, the largest.</summary>
    internal byte Encode(float value)
    {
        // Eight halvings find how many of the 255 borders lie below.
        var code = 0;
        for (var half = 128; half > 0; half >>= 1)
        {
            code += value <= _borders[code + half - 1] ? 0 : half;
        }

        return (byte)code;
    }

    /// <summary>As <see cref="Encode"/>, but what is above 0 stays above it: a root of a second moment divides.</summary>
    internal byte EncodeAbove(float value) => Encode(value) is var code && code == _zero && value > 0 ? (byte)(_zero + 1) : Encode(value);
}
