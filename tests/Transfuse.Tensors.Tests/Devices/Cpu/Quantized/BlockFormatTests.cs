using System.Runtime.InteropServices;
using Transfuse.Tensors.Devices.Cpu.Quantized;
using Transfuse.Tensors.Random;
using Transfuse.Tests.Shared;

namespace Transfuse.Tensors.Tests.Devices.Cpu.Quantized;

public sealed class BlockFormatTests
{
    // x_i = (i − 10)·0.1, i = 0 … 31, and its blocks by the rules of the format.
    private const string Q8 = "3c24c4cad0d6dce2e8eef4fa00060c12181e242a30363c43494f555b61676d73797f";
    private const string Q4 = "33b46c5b5b5b4a4a3a393928282817170606";
    private const string Q41 = "9d3200bc80809191a2a2b3b3c4c4d5d5e6e6f7f7";

    public static TheoryData<DType> Types() => [.. Enum.GetValues<DType>()];

    public static TheoryData<DType> Quantised() => [.. Enum.GetValues<DType>().Where(type => type.BlockElements() > 1)];

    [Theory]
    [InlineData(DType.Q8_0, Q8)]
    [InlineData(DType.Q4_0, Q4)]
    public void Narrowing_gives_the_published_bytes(DType type, string hex)
    {
        var bytes = new byte[type.BlockBytes()];
        BlockFormat.Narrow(type, Ramp(), bytes);

        Assert.Equal(hex, Convert.ToHexStringLower(bytes));
    }

    [Theory]
    [InlineData(DType.Q8_0, Q8, 0.01f)]
    [InlineData(DType.Q4_1, Q41, 0.11f)]
    public void Widening_published_bytes_gives_the_values_back(DType type, string hex, float tolerance)
    {
        var values = new float[32];
        BlockFormat.Widen(type, Convert.FromHexString(hex), values);
        var expected = Ramp();
        for (var i = 0; i < 32; i++)
        {
            Assert.InRange(values[i], expected[i] - tolerance, expected[i] + tolerance);
        }
    }

    [Theory]
    [MemberData(nameof(Quantised))]
    public void Widening_follows_the_formula_of_every_element(DType type)
    {
        var random = new RandomStream(3, "blocks");
        var blocks = new byte[5 * type.BlockBytes()];
        for (var i = 0; i < blocks.Length; i++)
        {
            blocks[i] = (byte)random.NextInt32(256);
        }

        var values = new float[5 * type.BlockElements()];
        for (var block = 0; block < 5; block++)
        {
            SetScales(type, blocks.AsSpan(block * type.BlockBytes()), block);
        }

        BlockFormat.Widen(type, blocks, values);
        for (var i = 0; i < values.Length; i++)
        {
            var block = blocks.AsSpan(i / type.BlockElements() * type.BlockBytes(), type.BlockBytes());
            var expected = BlockReference.Element(type, block, i % type.BlockElements());
            Assert.True(Math.Abs(expected - values[i]) <= 1e-6 * (1 + Math.Abs(expected)), $"{type} element {i}: {values[i]}, expected {expected}");
        }
    }

    [Fact]
    public void Halves_widen_exactly()
    {
        var bits = new ushort[65536 + 3];
        for (var i = 0; i < bits.Length; i++)
        {
            bits[i] = (ushort)i;
        }

        var values = new float[bits.Length];
        BlockFormat.Widen(DType.F16, MemoryMarshal.AsBytes(bits.AsSpan()), values);
        for (var i = 0; i < bits.Length; i++)
        {
            var expected = (float)BitConverter.UInt16BitsToHalf(bits[i]);
            Assert.True(float.IsNaN(expected) ? float.IsNaN(values[i]) : BitConverter.SingleToInt32Bits(expected) == BitConverter.SingleToInt32Bits(values[i]), $"half {i:x4}");
        }
    }

    [Theory]
    [InlineData(DType.F32, 0)]
    [InlineData(DType.F16, 1e-3f)]
    [InlineData(DType.BF16, 8e-3f)]
    [InlineData(DType.Q8_0, 8e-3f)]
    [InlineData(DType.Q4_0, 0.13f)]
    public void What_is_narrowed_widens_to_about_the_same(DType type, float share)
    {
        var random = new RandomStream(5, "values");
        float[] values = [.. Enumerable.Range(0, 8 * 32).Select(_ => (float)random.NextNormal())];
        values.AsSpan(32, 32).Clear();
        var bytes = new byte[type.ByteCount(values.Length)];
        var back = new float[values.Length];
        BlockFormat.Narrow(type, values, bytes);
        BlockFormat.Widen(type, bytes, back);
        var largest = values.Max(MathF.Abs);
        for (var i = 0; i < values.Length; i++)
        {
            Assert.InRange(back[i], values[i] - (share * largest), values[i] + (share * largest));
        }
    }

    [Fact]
    public void Sizes_that_do_not_fit_are_refused()
    {
        Assert.Throws<ArgumentException>(() => BlockFormat.Widen(DType.Q4_K, new byte[144], new float[255]));
        Assert.Throws<ArgumentException>(() => BlockFormat.Widen(DType.Q4_K, new byte[143], new float[256]));
        Assert.Throws<ArgumentException>(() => BlockFormat.Narrow(DType.Q8_0, new float[32], new byte[33]));
        Assert.Throws<ArgumentException>(() => BlockFormat.Narrow(DType.Q6_K, new float[256], new byte[210]));
    }

    /// <summary>The same bits as llama.cpp's own code, in both directions.</summary>
    [OracleTheory]
    [Trait("Category", "Reference")]
    [MemberData(nameof(Quantised))]
    public void Blocks_of_ggml_widen_to_its_bits(DType type)
    {
        var library = NativeLibrary.Load(Oracles.Ggml!);
        try
        {
            var random = new RandomStream(11, "ggml");
            float[] values = [.. Enumerable.Range(0, 40 * 256).Select(_ => (float)random.NextNormal())];
            var quantise = Marshal.GetDelegateForFunctionPointer<QuantiseChunk>(NativeLibrary.GetExport(library, "ggml_quantize_chunk"));
            var widen = Marshal.GetDelegateForFunctionPointer<DequantiseRow>(NativeLibrary.GetExport(library, $"dequantize_row_{type.ToString().Replace("Q", "q", StringComparison.Ordinal)}"));
            var blocks = new byte[type.ByteCount(values.Length)];
            Assert.Equal((nuint)blocks.Length, quantise(Id(type), values, blocks, 0, 40, 256, 0));
            var (expected, actual) = (new float[values.Length], new float[values.Length]);
            widen(blocks, expected, values.Length);
            BlockFormat.Widen(type, blocks, actual);
            Assert.Equal(expected.Select(BitConverter.SingleToInt32Bits), actual.Select(BitConverter.SingleToInt32Bits));
            if (type.CanNarrow())
            {
                var own = new byte[blocks.Length];
                BlockFormat.Narrow(type, values, own);
                Assert.Equal(blocks, own);
            }
        }
        finally
        {
            NativeLibrary.Free(library);
        }
    }

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    private delegate nuint QuantiseChunk(int type, float[] source, byte[] destination, long start, long rows, long columns, nint matrix);

    [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
    private delegate void DequantiseRow(byte[] blocks, [Out] float[] values, long count);

    private static float[] Ramp() => [.. Enumerable.Range(0, 32).Select(i => (float)((i - 10) * 0.1))];

    private static int Id(DType type) => type switch
    {
        DType.Q4_0 => 2,
        DType.Q4_1 => 3,
        DType.Q5_0 => 6,
        DType.Q5_1 => 7,
        DType.Q8_0 => 8,
        DType.Q2_K => 10,
        DType.Q3_K => 11,
        DType.Q4_K => 12,
        DType.Q5_K => 13,
        _ => 14,
    };

    // Random bytes make no sensible half-precision scales.
    private static void SetScales(DType type, Span<byte> block, int seed)
    {
        foreach (var offset in BlockReference.ScaleOffsets(type))
        {
            BitConverter.TryWriteBytes(block[offset..], (Half)(0.01 * (seed + 1) * (offset % 4 == 0 ? 1 : -1)));
        }
    }
}
