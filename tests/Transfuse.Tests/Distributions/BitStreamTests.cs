using Transfuse.Distributions;
using Transfuse.Tensors.Random;

namespace Transfuse.Tests.Distributions;

public sealed class BitStreamTests
{
    [Fact]
    public void Numbers_of_all_widths_and_codes_come_back()
    {
        var random = new RandomStream(2, "bits");
        var written = Enumerable.Range(0, 5000)
            .Select(_ => (Width: random.NextInt32(33), Bits: (uint)random.NextUInt64(), Rice: random.NextInt32(16), Value: (uint)random.NextUInt64() >> (1 + random.NextInt32(31))))
            .ToList();
        var bytes = new List<byte>();
        var writer = new BitWriter(bytes);
        foreach (var (width, value, parameter, rice) in written)
        {
            writer.Write(width == 32 ? value : value & ((1u << width) - 1), width);
            writer.WriteRice(rice, parameter);
        }

        writer.Flush();
        var reader = new BitReader(bytes.ToArray());
        long bits = 0;
        foreach (var (width, value, parameter, rice) in written)
        {
            Assert.Equal(width == 32 ? value : value & ((1u << width) - 1), reader.Read(width));
            Assert.Equal(rice, reader.ReadRice(parameter));
            bits += width + BitWriter.RiceLength(rice, parameter);
        }

        reader.ExpectEnd();
        Assert.Equal((bits + 7) / 8, bytes.Count);
    }

    [Fact]
    public void Rice_code_has_the_documented_bits()
    {
        // 9 with parameter 2: 9 ≫ 2 = 2 ones, a zero, then 01 (low bit first: 1, 0): 1 1 0 1 0 → 0b01011.
        var bytes = new List<byte>();
        var writer = new BitWriter(bytes);
        writer.WriteRice(9, 2);
        writer.Flush();
        Assert.Equal([0b01011], bytes);
    }

    [Fact]
    public void Reading_past_the_end_and_leftovers_are_refused()
    {
        Assert.Throws<InvalidDataException>(() => new BitReader([1, 2]).Read(17));
        Assert.Throws<InvalidDataException>(() => new BitReader([255, 255]).ReadRice(0));
        Assert.Throws<InvalidDataException>(() => new BitReader([0]).ExpectEnd());
        Assert.Throws<InvalidDataException>(() =>
        {
            var reader = new BitReader([0b1000_0000]);
            reader.Read(3);
            reader.ExpectEnd();
        });
    }
}
