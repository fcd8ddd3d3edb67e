using Transfuse.Tensors.Devices.Cpu.Quantized;
using Transfuse.Tensors.Simd;

namespace Transfuse.Tensors.Tests.Simd;

/// <summary>Every number that two bytes can hold, widened by every vector.</summary>
public sealed unsafe class FromIntegersTests
{
    [Fact]
    public void Scalar() => Check<SimdScalar>();

    [Fact]
    public void Lanes_128() => Check<Simd128>();

    [Fact]
    public void Lanes_256() => Check<Simd256>();

    [Fact]
    public void Lanes_512() => Check<Simd512>();

    [Fact]
    public void Rounded_to_bfloat16()
    {
        CheckRounding<SimdScalar>();
        CheckRounding<Simd128>();
        CheckRounding<Simd256>();
        CheckRounding<Simd512>();
    }

    [Fact]
    public void Scales_of_blocks()
    {
        for (var bits = 0; bits <= ushort.MaxValue; bits++)
        {
            var half = (ushort)bits;
            AssertSame((float)BitConverter.UInt16BitsToHalf(half), BlockScale.Read((byte*)&half), bits);
        }
    }

    [Fact]
    public void Scales_of_four_blocks()
    {
        var halves = stackalloc ushort[4];
        var scales = stackalloc float[4];
        for (var bits = 0; bits <= ushort.MaxValue; bits++)
        {
            for (var i = 0; i < 4; i++)
            {
                halves[i] = (ushort)(bits + (i * 0x1357));
            }

            BlockScale.Read((byte*)halves, (byte*)(halves + 1), (byte*)(halves + 2), (byte*)(halves + 3), scales);
            for (var i = 0; i < 4; i++)
            {
                AssertSame((float)BitConverter.UInt16BitsToHalf(halves[i]), scales[i], halves[i]);
            }
        }
    }

    private static void Check<TVector>()
        where TVector : unmanaged, IVector<TVector>
    {
        var words = new ushort[ushort.MaxValue + 1];
        for (var i = 0; i < words.Length; i++)
        {
            words[i] = (ushort)i;
        }

        fixed (ushort* source = words)
        {
            for (var first = 0; first < words.Length; first += TVector.Count)
            {
                var bytes = (byte*)source + first;
                var halves = Lanes(TVector.FromHalf(source + first));
                var brains = Lanes(TVector.FromBFloat16(source + first));
                var signed = Lanes(TVector.FromInt8(bytes));
                var low = Lanes(TVector.FromNibbles(bytes, 0));
                var high = Lanes(TVector.FromNibbles(bytes, 4));
                var six = Lanes(TVector.FromSixBits(bytes, 4, bytes + 1, 2));
                for (var lane = 0; lane < TVector.Count; lane++)
                {
                    AssertSame((float)BitConverter.UInt16BitsToHalf(words[first + lane]), halves[lane], first + lane);
                    AssertSame(BFloat16.FromBits(words[first + lane]).ToSingle(), brains[lane], first + lane);
                    Assert.Equal((sbyte)bytes[lane], signed[lane]);
                    Assert.Equal(bytes[lane] & 15, low[lane]);
                    Assert.Equal(bytes[lane] >> 4, high[lane]);
                    Assert.Equal((bytes[lane] >> 4) + (16 * ((bytes[lane + 1] >> 2) & 3)), six[lane]);
                }
            }
        }
    }

    private static void CheckRounding<TVector>()
        where TVector : unmanaged, IVector<TVector>
    {
        // Every sign, exponent and fraction of a bfloat16, on it, on the ties above it and on either side of them.
        var values = stackalloc float[TVector.Count];
        var rounded = stackalloc ushort[TVector.Count + 1];
        foreach (var below in (uint[])[0, 1, 0x7FFF, 0x8000, 0x8001, 0xFFFF])
        {
            for (var first = 0; first <= ushort.MaxValue; first += TVector.Count)
            {
                for (var lane = 0; lane < TVector.Count; lane++)
                {
                    values[lane] = BitConverter.UInt32BitsToSingle(((uint)(first + lane) << 16) | below);
                }

                // At an address that is no multiple of a vector, too.
                for (var offset = 0; offset < 2; offset++)
                {
                    TVector.StoreBFloat16(TVector.Load(values), rounded + offset);
                    for (var lane = 0; lane < TVector.Count; lane++)
                    {
                        Assert.Equal(BFloat16.FromSingle(values[lane]).Bits, rounded[lane + offset]);
                    }
                }
            }
        }
    }

    private static float[] Lanes<TVector>(TVector value)
        where TVector : unmanaged, IVector<TVector>
    {
        var lanes = new float[TVector.Count];
        fixed (float* destination = lanes)
        {
            TVector.Store(value, destination);
        }

        return lanes;
    }

    private static void AssertSame(float expected, float actual, int bits)
    {
        if (!float.IsNaN(expected) || !float.IsNaN(actual))
        {
            Assert.True(BitConverter.SingleToInt32Bits(expected) == BitConverter.SingleToInt32Bits(actual), $"0x{bits:X4} is {actual}, expected {expected}");
        }
    }
}
