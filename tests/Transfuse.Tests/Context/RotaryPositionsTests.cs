using Transfuse.Checkpoints;
using Transfuse.Context;
using Transfuse.Tensors.Autograd;
using Transfuse.Tensors.Devices;
using Transfuse.Tensors.Devices.Cpu;

namespace Transfuse.Tests.Context;

public sealed class RotaryPositionsTests : IDisposable
{
    private static readonly RopeParameters Dynamic = new() { Type = RopeParameters.DynamicType, Factor = 2, OriginalMaxPositions = 4 };
    private readonly CpuDevice _device = new(threads: 1);

    public void Dispose() => _device.Dispose();

    [Fact]
    public void Each_document_of_a_batch_is_turned_as_if_it_were_alone()
    {
        using var positions = new RotaryPositions(_device, Dynamic, 8);
        int[] lengths = [3, 6, 4, 9];
        int[] all = [.. lengths.SelectMany(length => Enumerable.Range(0, length))];
        var segments = new AttentionSegment[lengths.Length];
        for (int i = 0, start = 0; i < lengths.Length; start += lengths[i++])
        {
            segments[i] = AttentionSegment.Self(start, lengths[i]);
        }

        using var tape = new Tape(_device, recordGradients: false);
        var together = positions.For(tape, all, segments);
        for (var i = 0; i < lengths.Length; i++)
        {
            var frequencies = RopeFrequencies.Create(Dynamic, 8, lengths[i]);
            for (var position = 0; position < lengths[i]; position++)
            {
                for (var j = 0; j < 4; j++)
                {
                    var row = together.Rows[segments[i].QueryStart + position];
                    Assert.Equal(Math.Cos(frequencies.Inverse[j] * position), together.Cos.Row(row)[j], 1e-6);
                    Assert.Equal(Math.Sin(frequencies.Inverse[j] * position), together.Sin.Row(row)[j], 1e-6);
                }
            }
        }
    }

    [Fact]
    public void Tables_for_one_batch_go_with_its_tape()
    {
        using var positions = new RotaryPositions(_device, Dynamic, 8);
        var before = _device.Memory.UsedBytes;
        using (var tape = new Tape(_device, recordGradients: false))
        {
            positions.For(tape, [.. Enumerable.Range(0, 9)], [AttentionSegment.Self(0, 9)]);
            Assert.True(_device.Memory.UsedBytes > before);
        }

        Assert.Equal(before, _device.Memory.UsedBytes);
    }

    [Fact]
    public void Growth_changes_the_rotation_once_with_LongRope_and_always_with_dynamic_scaling()
    {
        var rope = new RopeParameters { Type = RopeParameters.LongRopeType, OriginalMaxPositions = 4, Factor = 2, ShortFactors = [1], LongFactors = [2] };
        using var longRope = new RotaryPositions(_device, rope, 2);
        Assert.True(longRope.Changes(3, 5));
        Assert.False(longRope.Changes(0, 5));
        Assert.False(longRope.Changes(5, 9));
        using var dynamic = new RotaryPositions(_device, Dynamic, 8);
        var original = Dynamic.OriginalMaxPositions;
        Assert.False(dynamic.Changes(original - 1, original));
        Assert.False(dynamic.Changes(0, original + 5));
        Assert.True(dynamic.Changes(original, original + 1));
        Assert.True(dynamic.Changes(original + 1, original + 2));
        using var linear = new RotaryPositions(_device, new RopeParameters { Type = RopeParameters.LinearType, Factor = 2 }, 8);
        Assert.False(linear.Changes(3, 1000));
    }

    [Fact]
    public void An_empty_batch_has_no_rows()
    {
        using var positions = new RotaryPositions(_device, Dynamic, 8);
        using var tape = new Tape(_device, recordGradients: false);
        Assert.Empty(positions.For(tape, [], []).Rows);
    }
}
