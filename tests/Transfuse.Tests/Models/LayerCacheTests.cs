using Transfuse.Models;
using Transfuse.Models.Layers;
using Transfuse.Tensors;
using Transfuse.Tensors.Autograd;
using Transfuse.Tensors.Devices;
using Transfuse.Tensors.Devices.Cpu;

namespace Transfuse.Tests.Models;

/// <summary>What a layer's cache hands to attention, row by row; end to end it is covered by <see cref="KeyValueCacheTests"/>.</summary>
public sealed class LayerCacheTests : IDisposable
{
    private const int Window = 4;
    private const int Capacity = 100;
    private readonly CpuDevice _device = new(threads: 1);

    public void Dispose() => _device.Dispose();

    [Fact]
    public void Attention_sees_the_window_before_and_all_new_tokens()
    {
        using var cache = new LayerCache(_device, 1, 2, 2, Capacity, Window);
        int[] counts = [3, 5, 1, 1, 1, 1, 1, 40, 1, 12, 1];
        var length = 0;
        foreach (var count in counts)
        {
            using var tape = new Tape(_device, recordGradients: false);
            var cached = Append(cache, tape, length, count, slot: 1);
            length += count;
            var segment = Assert.Single(cached.Segments);
            Assert.Equal((0, count), (segment.QueryStart, segment.QueryCount));
            Assert.InRange(segment.KeyCount, Math.Min(length, count + Window - 1), Math.Min(length, count + Window + 8));
            for (var i = 0; i < segment.KeyCount; i++)
            {
                var position = length - segment.KeyCount + i;
                Assert.Equal([position, position + 0.25f], Head(cached, cached.Key, segment.KeyStart + i));
                Assert.Equal([position + 0.5f, position + 0.75f], Head(cached, cached.Value, segment.KeyStart + i));
            }
        }
    }

    [Fact]
    public void Refuses_to_go_on_after_a_pass_that_failed()
    {
        using var cache = new LayerCache(_device, 1, 2, 2, Capacity, Window);
        using var tape = new Tape(_device, recordGradients: false);
        Append(cache, tape, 0, 6, slot: 0);
        Append(cache, tape, 6, 30, slot: 0);
        Assert.Throws<InvalidOperationException>(() => Append(cache, tape, 6, 30, slot: 0));

        // From the first token on it may be read again.
        Append(cache, tape, 0, 7, slot: 0);
    }

    private static float[] Head(CachedHeads cached, HeadLayout layout, int row) =>
        cached.Rows.Value.AsSpan().Slice((row * cached.Rows.Value.Columns) + layout.Offset, 2).ToArray();

    /// <summary>Adds tokens whose keys and values say at which position they stand.</summary>
    private CachedHeads Append(LayerCache cache, Tape tape, int past, int count, int slot)
    {
        var heads = tape.Input(_device.Allocate(new Shape(count, 6)));
        for (var i = 0; i < count; i++)
        {
            for (var column = 0; column < 6; column++)
            {
                heads.Value.Row(i)[column] = past + i + ((column - 2) / 4f);
            }
        }

        var segment = new AttentionSegment(0, count, slot * Capacity, past + count);
        return cache.Append(tape, new ProjectedHeads(heads, heads, heads, ProjectionLayout.Stacked(1, 1, 2)), [(segment, slot)]);
    }
}
