using Transfuse.Models;
using Transfuse.Tensors.Autograd;
using Transfuse.Tensors.Devices.Cpu;
using Transfuse.Tensors.Errors;
using Transfuse.Tensors.Random;
using Transfuse.Tests.Models.Golden;
using Transfuse.Tests.Shared;

namespace Transfuse.Tests.Models;

public sealed class KeyValueCacheTests : IDisposable
{
    private readonly CpuDevice _device = new(threads: 2);

    public static TheoryData<string> Models() => TinyModels.Cases();

    public void Dispose() => _device.Dispose();

    [Theory]
    [MemberData(nameof(Models))]
    public void Reading_in_pieces_equals_reading_at_once(string name)
    {
        using var model = TinyModels.Create(name, _device);
        int[][] texts = [TinyModels.Ids(14, 1), TinyModels.Ids(9, 2), TinyModels.Ids(11, 3)];
        int[][] cuts = [[5, 6, 14], [0, 8, 9], [1, 1, 11]];
        using var cache = model.CreateCache(_device, texts.Length, 14);
        var seen = texts.Select(_ => new List<float>()).ToArray();
        for (var step = 0; step < 3; step++)
        {
            var pieces = texts.Select((text, i) => text[(step == 0 ? 0 : cuts[i][step - 1])..cuts[i][step]]).ToArray();
            using var tape = new Tape(_device, recordGradients: false);
            var batch = cache.NextBatch(pieces);
            var logits = GoldenModelCase.Logits(model, _device, model.Forward(tape, batch, cache).Value);
            var row = 0;
            for (var i = 0; i < texts.Length; i++)
            {
                seen[i].AddRange(logits.AsSpan(row * TinyModels.Vocabulary, pieces[i].Length * TinyModels.Vocabulary));
                row += pieces[i].Length;
            }
        }

        Assert.Equal([14, 9, 11], cache.Lengths);
        for (var i = 0; i < texts.Length; i++)
        {
            var whole = GoldenModelCase.Logits(model, _device, TokenBatch.FromLengths(texts[i], [texts[i].Length]));
            Assert.Equal(whole.Length, seen[i].Count);
            for (var j = 0; j < whole.Length; j++)
            {
                Assert.True(Math.Abs(whole[j] - seen[i][j]) <= 2e-5 + (1e-5 * Math.Abs(whole[j])), $"text {i}, value {j}: {whole[j]} and {seen[i][j]}");
            }
        }
    }

    [Theory]
    [InlineData("phi3-long", 2)]
    [InlineData("llama-dynamic", 1)]
    public void A_sequence_that_outgrows_its_window_goes_on_as_if_read_at_once(string name, int layers)
    {
        // With one layer, for the base of dynamic scaling moves with every token, and the cache keeps what deeper layers saw of earlier ones.
        var config = TinyModels.Config(name) with { LayerCount = layers };
        using var model = PretrainedModel.Create(config, _device, new RandomStream(5, "init"));
        int[][] texts = [TinyModels.Ids(16, 1), TinyModels.Ids(13, 2)];
        int[] first = [8, 3];
        using var cache = model.CreateCache(_device, 2, 16);
        for (var step = 0; step < 9; step++)
        {
            var pieces = texts.Select((text, i) => step == 0 ? text[..first[i]] : text.Skip(first[i] + step - 1).Take(1).ToArray()).ToArray();
            using var tape = new Tape(_device, recordGradients: false);
            var batch = cache.NextBatch(pieces);
            var logits = GoldenModelCase.Logits(model, _device, model.Forward(tape, batch, cache).Value);
            foreach (var segment in batch.Segments)
            {
                var text = texts[segment.KeyStart / cache.Capacity][..segment.KeyCount];
                var whole = GoldenModelCase.Logits(model, _device, TokenBatch.FromLengths(text, [text.Length]));
                var last = (segment.QueryStart + segment.QueryCount - 1) * TinyModels.Vocabulary;
                for (var id = 0; id < TinyModels.Vocabulary; id++)
                {
                    Assert.Equal(whole[whole.Length - TinyModels.Vocabulary + id], logits[last + id], 2e-5);
                }
            }
        }
    }

    [Fact]
    public void Reordered_sequences_go_on_from_their_parents()
    {
        using var model = TinyModels.Create("llama", _device);
        int[][] texts = [TinyModels.Ids(5, 1), TinyModels.Ids(2, 2), TinyModels.Ids(4, 3), []];
        using var cache = model.CreateCache(_device, texts.Length, 9);
        int[][] orders = [[1, 1, 0, 2], [3, 2, 2, 2], [0, 1, 2, 3], [2, 0, 1, 1]];
        for (var step = 0; step < orders.Length; step++)
        {
            int[][] added = step == 0 ? texts : [.. Enumerable.Range(0, 4).Select(i => TinyModels.Ids(1, (10 * step) + i))];
            using var tape = new Tape(_device, recordGradients: false);
            var logits = GoldenModelCase.Logits(model, _device, model.Forward(tape, cache.NextBatch(added), cache).Value);
            if (step > 0)
            {
                texts = [.. texts.Zip(added, (text, ids) => (int[])[.. text, .. ids])];
                Assert.Equal(texts.Select(text => text.Length), cache.Lengths);
                for (var i = 0; i < texts.Length; i++)
                {
                    var whole = GoldenModelCase.Logits(model, _device, TokenBatch.FromLengths(texts[i], [texts[i].Length]))[^TinyModels.Vocabulary..];
                    TensorAssert.Close([.. whole.Select(value => (double)value)], logits.AsSpan(i * TinyModels.Vocabulary, TinyModels.Vocabulary), 2e-5, 1e-5, $"step {step}, text {i}");
                }
            }

            cache.Reorder(orders[step]);
            texts = Array.ConvertAll(orders[step], parent => texts[parent]);
        }

        Assert.Throws<ArgumentException>(() => cache.Reorder([0, 1]));
    }

    [Fact]
    public void Refuses_what_does_not_fit()
    {
        using var model = TinyModels.Create("llama", _device);
        using var cache = model.CreateCache(_device, 2, 4);
        Assert.Throws<ArgumentException>(() => cache.NextBatch([[1]]));
        Assert.Throws<ArgumentException>(() => cache.NextBatch([[1], [1, 2, 3, 4, 5]]));
        using var recording = new Tape(_device);
        Assert.Throws<ArgumentException>(() => model.Forward(recording, cache.NextBatch([[1], [2]]), cache));
    }

    [Fact]
    public void A_cache_beyond_the_memory_limit_leaves_nothing_behind()
    {
        using var small = new CpuDevice(threads: 1, memoryLimitInBytes: 2_000_000);
        using var model = TinyModels.Create("llama", small);
        var before = small.Memory.UsedBytes;
        Assert.Throws<ResourceLimitException>(() => model.CreateCache(small, 4, 2000));
        Assert.Equal(before, small.Memory.UsedBytes);
    }

    [Fact]
    public void Clearing_starts_over()
    {
        using var model = TinyModels.Create("mpt", _device);
        using var cache = model.CreateCache(_device, 1, 4);
        var runs = new List<float[]>();
        for (var run = 0; run < 2; run++)
        {
            using var tape = new Tape(_device, recordGradients: false);
            runs.Add(model.Forward(tape, cache.NextBatch([[3, 4, 5]]), cache).Value.AsSpan().ToArray());
            cache.Clear();
        }

        Assert.Equal(runs[0], runs[1]);
    }
}
