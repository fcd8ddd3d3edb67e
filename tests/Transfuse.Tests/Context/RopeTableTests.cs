using Transfuse.Checkpoints;
using Transfuse.Context;
using Transfuse.Tensors.Devices.Cpu;

namespace Transfuse.Tests.Context;

public sealed class RopeTableTests
{
    [Theory]
    [InlineData(1, 1, 0.86596432336)]
    [InlineData(1, 32, 0.01)]
    [InlineData(1, 63, 1.1547819847e-4)]
    [InlineData(4, 0, 0.25)]
    [InlineData(4, 32, 0.0025)]
    [InlineData(4, 63, 2.8869549617e-5)]
    public void Frequencies_are_those_of_the_papers(double factor, int index, double expected)
    {
        var rope = new RopeParameters { Type = factor == 1 ? RopeParameters.DefaultType : RopeParameters.LinearType, Factor = factor };
        Assert.Equal(expected, RopeFrequencies.Create(rope, 128).Inverse[index], expected * 3e-7);
    }

    [Fact]
    public void The_angle_is_a_float32_product_as_in_transformers()
    {
        using var device = new CpuDevice(threads: 1);
        using var table = new RopeTable(device, RopeFrequencies.Create(new RopeParameters(), 128));
        var (cos, sin) = table.AtLeast(32768);
        var angle = 0.86596435f * 32767; // 28375.055, where the exact product is 28375.053
        Assert.Equal(Math.Cos(angle), cos.Row(32767)[1], 1e-6);
        Assert.Equal(Math.Sin(angle), sin.Row(32767)[1], 1e-6);
    }

    [Fact]
    public void Growing_keeps_what_earlier_callers_hold()
    {
        using var device = new CpuDevice(threads: 1);
        using var table = new RopeTable(device, new RopeFrequencies([1, 0.5f], AttentionFactor: 2));
        var (small, _) = table.AtLeast(3);
        var (large, sines) = table.AtLeast(1000);
        Assert.False(small.IsDisposed);
        Assert.Equal(2, large.Columns);
        Assert.Equal(small.Row(2).ToArray(), large.Row(2).ToArray());
        Assert.Equal(2 * Math.Sin(999 * 0.5), sines.Row(999)[1], 1e-6);
        Assert.Same(large, table.AtLeast(1000).Cos);
    }

    [Fact]
    public void An_unknown_scaling_is_refused() =>
        Assert.Contains("mystery", Assert.Throws<ArgumentException>(() => RopeFrequencies.Create(new RopeParameters { Type = "mystery" }, 8)).Message, StringComparison.Ordinal);
}
