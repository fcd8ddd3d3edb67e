using System.Runtime.InteropServices;
using Transfuse.Tensors.Devices.Cpu.Gemm;
using Transfuse.Tensors.Devices.Cpu.Gemm.Bf16;

namespace Transfuse.Tensors.Tests.Devices.Cpu.Gemm.Bf16;

/// <summary>Packed pairs against the conversion of single values, element by element and bit by bit.</summary>
public sealed unsafe class PairPackingTests
{
    private const int Stride = 211;

    public static TheoryData<int, int, int, bool, bool> Panels()
    {
        var panels = new TheoryData<int, int, int, bool, bool>();
        foreach (var (lines, width) in ((int, int)[])[(8, 8), (3, 8), (16, 16), (9, 16), (32, 32), (31, 32), (48, 48), (41, 48)])
        {
            foreach (var depth in (int[])[1, 2, 31, 32, 33, 64, 129, 170])
            {
                panels.Add(lines, width, depth, true, false);
                panels.Add(lines, width, depth, false, false);
                panels.Add(lines, width, depth, true, true);
                panels.Add(lines, width, depth, false, true);
            }
        }

        return panels;
    }

    [BFloat16Theory]
    [MemberData(nameof(Panels))]
    public void Panel_holds_the_nearest_values_in_pairs(int lines, int width, int depth, bool depthContiguous, bool isBFloat16)
    {
        using var code = BFloat16Code.TryCreate(out _)!;
        using var source = new Source(isBFloat16);
        var panel = new ushort[((depth + 1) / 2 * 2 * width) + 64];
        panel.AsSpan().Fill(0xABCD);
        fixed (ushort* destination = panel)
        {
            new PairPacking(code, source.Operand(depthContiguous)).Pack(2, lines, 3, depth, (byte*)destination, width);
        }

        AssertPairs(source, depthContiguous, 2, lines, 3, depth, panel, width);
        Assert.All(panel.AsSpan(panel.Length - 64).ToArray(), word => Assert.Equal(0xABCD, word));
    }

    [BFloat16Theory]
    [InlineData(1, false)]
    [InlineData(40, false)]
    [InlineData(41, false)]
    [InlineData(1, true)]
    [InlineData(40, true)]
    [InlineData(41, true)]
    public void Group_is_four_panels(int depth, bool isBFloat16)
    {
        using var code = BFloat16Code.TryCreate(out _)!;
        using var source = new Source(isBFloat16);
        var panelWords = (depth + 1) / 2 * 2 * 8;
        var panels = new ushort[4 * panelWords];
        fixed (ushort* destination = panels)
        {
            new PairPacking(code, source.Operand(depthContiguous: false)).CopyGroup(5, 1, depth, (byte*)destination);
        }

        for (var i = 0; i < 4; i++)
        {
            AssertPairs(source, false, 5 + (8 * i), 8, 1, depth, panels.AsSpan(i * panelWords, panelWords), 8);
        }
    }

    private static void AssertPairs(
        Source source, bool depthContiguous, int line, int lines, int start, int depth, ReadOnlySpan<ushort> panel, int width)
    {
        for (var d = 0; d < (depth + 1) / 2 * 2; d++)
        {
            for (var i = 0; i < lines; i++)
            {
                var expected = d < depth ? source.Bits(depthContiguous, line + i, start + d) : 0;
                Assert.True(expected == panel[(((d / 2 * width) + i) * 2) + (d % 2)], $"depth {d}, line {i}");
            }
        }
    }

    // A square of numbers of every size, with ties, infinities and not-a-number, as float32 or rounded.
    private sealed class Source : IDisposable
    {
        private readonly float[] _values = new float[Stride * Stride];
        private readonly ushort[] _rounded;
        private readonly GCHandle _handle;
        private readonly bool _isBFloat16;

        internal Source(bool isBFloat16)
        {
            var random = new System.Random(11);
            for (var i = 0; i < _values.Length; i++)
            {
                _values[i] = (i % 97) switch
                {
                    5 => float.PositiveInfinity,
                    7 => float.NaN,
                    11 => BitConverter.UInt32BitsToSingle(0x3F80_8000),
                    13 => BitConverter.UInt32BitsToSingle(0x3F81_8000),
                    17 => 0,
                    19 => float.MaxValue,
                    _ => (float)((random.NextDouble() - 0.5) * Math.Pow(10, random.Next(-9, 9))),
                };
            }

            _rounded = [.. _values.Select(value => BFloat16.FromSingle(value).Bits)];
            _isBFloat16 = isBFloat16;
            _handle = GCHandle.Alloc(isBFloat16 ? _rounded : _values, GCHandleType.Pinned);
        }

        public void Dispose() => _handle.Free();

        internal GemmOperand Operand(bool depthContiguous) =>
            new((void*)_handle.AddrOfPinnedObject(), Stride, depthContiguous, _isBFloat16 ? sizeof(ushort) : sizeof(float));

        internal ushort Bits(bool depthContiguous, int line, int depth) => _rounded[depthContiguous ? (line * Stride) + depth : (depth * Stride) + line];
    }
}
