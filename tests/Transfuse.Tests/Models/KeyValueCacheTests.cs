using Transfuse.Models;
using Transfuse.Tensors.Autograd;
using Transfuse.Tensors.Devices.Cpu;
using Transfuse.Tensors.Errors;
using Transfuse.Tests.Models.Golden;
using Transfuse.Tests.Shared;

namespace Transfuse.Tests.Models;

public sealed class KeyValueCacheTests : IDisposable
{
    private readonly CpuDevice _device = new(threads: 2);

    public static TheoryData<string> Models() => TinyModels.Cases();

    /// <summary>Models with a window in some layer.</summary>
    public static TheoryData<string> Windowed() =>
        [.. TinyModels.Names.Where(name => TinyModels.Config(name) is var config && Enumerable.Range(0, config.LayerCount).Any(layer => config.WindowOf(layer) > 0))];

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
    [InlineData("phi3-long")]
    [InlineData("llama-dynamic")]
    public void A_sequence_that_outgrows_its_original_window_goes_on_as_if_read_at_once(string name)
    {
        using var model = TinyModels.Create(name, _device, 5);
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

    [Theory]
    [MemberData(nameof(Windowed))]
    public void Layers_with_a_window_give_the_same_bits_as_if_they_kept_all(string name)
    {
        using var model = TinyModels.Create(name, _device);
        const int Capacity = 80;
        using var trimmed = model.CreateCache(_device, 3, Capacity);
        using var whole = new KeyValueCache(
            _device, new int[model.Config.LayerCount], model.Config.KeyValueHeadCount, model.Config.HeadSize, 3, Capacity);

        // Single tokens, a few, none, and more than window and spare rows together; prompts shorter and longer than the window.
        int[][] lengths = [[3, 25, 1], .. Enumerable.Repeat<int[]>([1, 1, 1], 12), [30, 0, 2], [1, 4, 9], [5, 0, 17], .. Enumerable.Repeat<int[]>([1, 2, 1], 15), [9, 7, 13]];
        var texts = Enumerable.Range(0, 3).Select(_ => new List<int>()).ToArray();
        for (var step = 0; step < lengths.Length; step++)
        {
            int[][] added = [.. lengths[step].Select((length, i) => TinyModels.Ids(length, (100 * step) + i))];
            using var tape = new Tape(_device, recordGradients: false);
            var hidden = model.Forward(tape, trimmed.NextBatch(added), trimmed).Value.AsSpan().ToArray();
            Assert.Equal(model.Forward(tape, whole.NextBatch(added), whole).Value.AsSpan().ToArray(), hidden);
            var row = 0;
            for (var i = 0; i < texts.Length; i++)
            {
                texts[i].AddRange(added[i]);
                row += added[i].Length;
                if (added[i].Length > 0)
                {
                    var size = model.Config.HiddenSize;
                    var expected = model.Forward(tape, TokenBatch.FromLengths([.. texts[i]], [texts[i].Count])).Value.Row(texts[i].Count - 1).ToArray();
                    TensorAssert.Close([.. expected.Select(value => (double)value)], hidden.AsSpan((row - 1) * size, size), 2e-5, 1e-5, $"step {step}, text {i}");
                }
            }
        }

        Assert.Equal(texts.Select(text => text.Count), trimmed.Lengths);
    }

    [Fact]
    public void Memory_of_layers_with_a_window_does_not_grow_with_the_text()
    {
        long BytesOf(string name, int capacity)
        {
            using var model = TinyModels.Create(name, _device);
            var before = _device.Memory.UsedBytes;
            using var cache = model.CreateCache(_device, 2, capacity);
            return _device.Memory.UsedBytes - before;
        }

        // 2 sequences, 2 layers of 2·24 floats in 5 + 8 rows; the pool rounds up.
        Assert.Equal(BytesOf("mistral", 100), BytesOf("mistral", 1_000_000));
        Assert.InRange(BytesOf("mistral", 1_000_000), 1, 2 * (2 * 13 * 48 * sizeof(float)) * 1.1);

        // One of two layers has a window.
        var (one, both) = (BytesOf("gemma2", 10_000), BytesOf("gemma2", 20_000));
        Assert.InRange(both - one, 2 * 10_000 * 12 * sizeof(float) * 0.9, 2 * 10_000 * 12 * sizeof(float) * 1.1);
    }

    [Theory]
    [InlineData("llama")]
    [InlineData("mistral")]
    [InlineData("gemma2")]
    public void Reordered_sequences_go_on_from_their_parents(string name)
    {
        using var model = TinyModels.Create(name, _device);
        const int Added = 6;
        int[][] texts = [TinyModels.Ids(5, 1), TinyModels.Ids(2, 2), TinyModels.Ids(14, 3), []];
        using var cache = model.CreateCache(_device, texts.Length, 40);
        int[][] orders = [[1, 1, 0, 2], [3, 2, 2, 2], [0, 1, 2, 3], [2, 0, 1, 1], [3, 3, 0, 0]];
        for (var step = 0; step < orders.Length; step++)
        {
            int[][] added = step == 0 ? texts : [.. Enumerable.Range(0, 4).Select(i => TinyModels.Ids(Added, (10 * step) + i))];
            using var tape = new Tape(_device, recordGradients: false);
            var logits = GoldenModelCase.Logits(model, _device, model.Forward(tape, cache.NextBatch(added), cache).Value);
            if (step > 0)
            {
                texts = [.. texts.Zip(added, (text, ids) => (int[])[.. text, .. ids])];
                Assert.Equal(texts.Select(text => text.Length), cache.Lengths);
                for (var i = 0; i < texts.Length; i++)
                {
                    var whole = GoldenModelCase.Logits(model, _device, TokenBatch.FromLengths(texts[i], [texts[i].Length]))[^TinyModels.Vocabulary..];
                    var last = ((i + 1) * Added) - 1;
                    TensorAssert.Close([.. whole.Select(value => (double)value)], logits.AsSpan(last * TinyModels.Vocabulary, TinyModels.Vocabulary), 2e-5, 1e-5, $"step {step}, text {i}");
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
