namespace Transfuse.Tensors.Tests;

public sealed class BFloat16Tests
{
    private static readonly BFloat16[] s_all = [.. Enumerable.Range(0, 1 << 16).Select(bits => BFloat16.FromBits((ushort)bits))];

    [Fact]
    public void Every_bit_pattern_survives_the_way_through_float32()
    {
        var singles = new float[s_all.Length];
        BFloat16.ToSingle(s_all, singles);
        var back = new BFloat16[s_all.Length];
        BFloat16.FromSingle(singles, back);
        for (var bits = 0; bits < s_all.Length; bits++)
        {
            Assert.Equal((uint)bits << 16, BitConverter.SingleToUInt32Bits(singles[bits]));
            Assert.Equal(BitConverter.SingleToUInt32Bits(singles[bits]), BitConverter.SingleToUInt32Bits(s_all[bits].ToSingle()));

            // A NaN may come back with its quiet bit set.
            Assert.True(back[bits].Bits == bits || (float.IsNaN(singles[bits]) && back[bits].Bits == (bits | 0x40)), $"{bits:X4} came back as {back[bits].Bits:X4}");
        }
    }

    [Fact]
    public void Between_any_two_neighbours_rounding_is_to_the_nearest_and_ties_to_even()
    {
        // The infinity above the largest number stands for what that number would be with one more step of its size.
        for (uint bits = 0; bits < 0x7F80; bits++)
        {
            foreach (var sign in new[] { 0u, 0x8000u })
            {
                var low = (bits | sign) << 16;
                Assert.Equal(bits | sign, Rounded(low + 0x7FFF));
                Assert.Equal(((bits + 1) & ~1u) | sign, Rounded(low + 0x8000));
                Assert.Equal((bits + 1) | sign, Rounded(low + 0x8001));
                Assert.Equal((bits + 1) | sign, Rounded(low + 0xFFFF));
            }
        }
    }

    [Fact]
    public void Whole_spans_are_rounded_as_single_values()
    {
        foreach (var length in KernelCase.Lengths)
        {
            var values = KernelCase.Normal(length, "values");
            if (length > 7)
            {
                (values[3], values[5], values[7]) = (float.NaN, float.NegativeInfinity, float.MaxValue);
            }

            var converted = new BFloat16[length + 1];
            BFloat16.FromSingle(values, converted);
            Assert.Equal(values.Select(value => BFloat16.FromSingle(value).Bits), converted.Take(length).Select(value => value.Bits));
            Assert.Equal(0, converted[length].Bits);
            var back = new float[length];
            BFloat16.ToSingle(converted.AsSpan(0, length), back);
            Assert.Equal(converted.Take(length).Select(value => value.ToSingle()), back);
        }
    }

    [Fact]
    public void Special_values_keep_their_meaning()
    {
        Assert.True(float.IsNaN(BFloat16.FromSingle(BitConverter.UInt32BitsToSingle(0x7F80_0001)).ToSingle()));
        Assert.True(float.IsNaN(BFloat16.FromSingle(BitConverter.UInt32BitsToSingle(0xFFFF_FFFF)).ToSingle()));
        Assert.Equal(float.PositiveInfinity, BFloat16.FromSingle(float.MaxValue).ToSingle());
        Assert.Equal(0x8000, BFloat16.FromSingle(-0f).Bits);
        Assert.Equal("1.5", BFloat16.FromSingle(1.5f).ToString());
        Assert.Equal(BFloat16.FromSingle(1.5f), BFloat16.FromBits(0x3FC0));
    }

    [Fact]
    public void Too_little_room_is_refused()
    {
        Assert.Throws<ArgumentException>(() => BFloat16.FromSingle([1f, 2f], new BFloat16[1]));
        Assert.Throws<ArgumentException>(() => BFloat16.ToSingle(new BFloat16[2], new float[1]));
    }

    private static uint Rounded(uint bits)
    {
        Span<BFloat16> converted = stackalloc BFloat16[16];
        Span<float> values = stackalloc float[16];
        values.Fill(BitConverter.UInt32BitsToSingle(bits));
        BFloat16.FromSingle(values, converted);
        var single = BFloat16.FromSingle(values[0]);
        Assert.Equal(single, converted[15]);
        return single.Bits;
    }
}
