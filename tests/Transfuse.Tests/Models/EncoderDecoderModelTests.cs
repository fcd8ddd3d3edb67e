using Transfuse.Checkpoints;
using Transfuse.Checkpoints.Safetensors;
using Transfuse.Errors;
using Transfuse.Generation;
using Transfuse.Models;
using Transfuse.Tensors.Autograd;
using Transfuse.Tensors.Devices.Cpu;
using Transfuse.Tensors.Random;
using Transfuse.Tests.Shared;

namespace Transfuse.Tests.Models;

public sealed class EncoderDecoderModelTests : IDisposable
{
    private readonly CpuDevice _device = new(threads: 2);

    public static TheoryData<string> Kinds => ["original", "gated", "deep decoder"];

    public void Dispose() => _device.Dispose();

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Gradients_agree_with_differences(string kind)
    {
        using var model = Create(kind);
        var batch = Pairs(model.StartId);
        foreach (var parameter in model.Parameters)
        {
            parameter.ZeroGradient(_device);
        }

        using (var tape = new Tape(_device))
        {
            batch.Loss(tape, model);
            tape.Backward();
        }

        // The steepest element of every parameter.
        foreach (var parameter in model.Parameters)
        {
            var gradient = parameter.Gradient!.AsSpan().ToArray();
            var at = Enumerable.Range(0, gradient.Length).MaxBy(i => Math.Abs(gradient[i]));
            var original = parameter.Value.AsSpan()[at];
            const float Step = 2e-3f;
            parameter.Value.AsSpan()[at] = original + Step;
            var above = Loss(model, batch);
            parameter.Value.AsSpan()[at] = original - Step;
            var below = Loss(model, batch);
            parameter.Value.AsSpan()[at] = original;
            var difference = (above - below) / (2.0 * Step);
            Assert.True(Math.Abs(difference - gradient[at]) < 2e-3 + (0.02 * Math.Abs(difference)), $"{parameter.Name}[{at}]: {difference} for {gradient[at]}");
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Generation_is_the_same_with_and_without_cache_alone_and_together(string kind)
    {
        using var model = Create(kind);
        var generator = new TextGenerator(model, _device);
        int[][] sources = [TinyModels.Ids(3, 1), TinyModels.Ids(40, 2), TinyModels.Ids(1, 3)];
        foreach (var options in (GenerationOptions[])[new() { MaxNewTokens = 9 }, new() { MaxNewTokens = 9, Beams = 3, StopIds = [4, 5] }, new() { MaxNewTokens = 9, Temperature = 1, TopP = 0.9 }])
        {
            var cached = generator.Generate(sources, options, Chance());
            Assert.Equal(cached, generator.Generate(sources, options with { UseCache = false }, Chance()));
            Assert.Equal(cached[0], generator.Generate([sources[0]], options, Chance())[0]);
            Assert.Equal(cached.Take(2), generator.Generate(sources[..2], options, Chance()));
        }
    }

    [Fact]
    public void A_source_sees_nothing_of_the_others()
    {
        using var model = Create("gated");
        var batch = Pairs(model.StartId);
        using var tape = new Tape(_device, recordGradients: false);
        var together = model.Encode(tape, batch.Source).Value;
        foreach (var segment in batch.Source.Segments)
        {
            var alone = model.Encode(tape, TokenBatch.FromLengths(batch.Source.Ids[segment.QueryStart..(segment.QueryStart + segment.QueryCount)], [segment.QueryCount])).Value;
            using var part = together.SliceRows(segment.QueryStart, segment.QueryCount);
            TensorAssert.Close([.. alone.AsSpan().ToArray().Select(value => (double)value)], part.AsSpan(), 1e-5, 1e-5);
        }
    }

    [Fact]
    public void Dropout_draws_from_its_stream_and_a_recomputed_step_is_the_same_step()
    {
        using var model = Create("gated");
        var batch = Pairs(model.StartId);
        double Step(long seed, bool recompute)
        {
            foreach (var parameter in model.Parameters)
            {
                parameter.ZeroGradient(_device);
            }

            using var tape = new Tape(_device, recordGradients: true, recompute);
            var loss = batch.Loss(tape, model, new RandomStream(seed, "dropout"));
            tape.Backward();
            return loss;
        }

        var first = Step(1, recompute: false);
        var gradients = model.Parameters.Select(parameter => parameter.Gradient!.AsSpan().ToArray()).ToArray();
        Assert.Equal(first, Step(1, recompute: true));
        Assert.NotEqual(first, Loss(model, batch));
        Step(1, recompute: true);
        foreach (var (expected, parameter) in gradients.Zip(model.Parameters))
        {
            TensorAssert.Close([.. expected.Select(value => (double)value)], parameter.Gradient!.AsSpan(), 1e-5, 1e-5, parameter.Name);
        }

        Assert.NotEqual(first, Step(2, recompute: false));
    }

    [Fact]
    public void Half_precision_and_what_the_config_says_come_back()
    {
        using var folder = new TemporaryFolder();
        using var model = Create("deep decoder");
        PretrainedModel.Save(model, folder.FullPath, SafetensorsType.BF16);
        Assert.True(PretrainedModel.IsEncoderDecoder(folder.FullPath));
        using var again = PretrainedModel.LoadEncoderDecoder(folder.FullPath, _device);
        Assert.Equal(PretrainedModel.CountParameters(model.Config), again.ParameterCount);
        TensorAssert.Close([.. model.HeadWeight.Value.AsSpan().ToArray().Select(value => (double)value)], again.HeadWeight.Value.AsSpan(), 1e-6, 1.0 / 256);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Packed_weights_write_the_same_texts(string kind)
    {
        using var folder = new TemporaryFolder();
        using var model = Create(kind);
        PretrainedModel.Save(model, folder.FullPath);
        using var packed = PretrainedModel.LoadEncoderDecoder(folder.FullPath, _device, precision: WeightPrecision.Packed);
        Assert.True(packed.HeadWeight.Value.IsResting);
        int[][] sources = [TinyModels.Ids(3, 1), TinyModels.Ids(40, 2)];
        var options = new GenerationOptions { MaxNewTokens = 9, Beams = 2 };
        Assert.Equal(new TextGenerator(model, _device).Generate(sources, options, Chance()), new TextGenerator(packed, _device).Generate(sources, options, Chance()));
    }

    [Fact]
    public void The_published_sizes_have_the_published_numbers_of_parameters()
    {
        // T5 v1.1 small and base, counted by the original library.
        var small = Config("gated") with
        {
            VocabularySize = 32128,
            HiddenSize = 512,
            HeadDimension = 64,
            IntermediateSize = 1024,
            LayerCount = 8,
            DecoderLayerCount = 8,
            HeadCount = 6,
            RelativeBuckets = 32,
            RelativeMaxDistance = 128,
        };
        Assert.Equal(76_961_152, PretrainedModel.CountParameters(small));
        var larger = small with { HiddenSize = 768, IntermediateSize = 2048, LayerCount = 12, DecoderLayerCount = 12, HeadCount = 12 };
        Assert.Equal(247_577_856, PretrainedModel.CountParameters(larger));
    }

    [Fact]
    public void The_wrong_kind_and_a_damaged_folder_are_named()
    {
        using var folder = new TemporaryFolder();
        using (var model = Create("original"))
        {
            PretrainedModel.Save(model, folder.FullPath);
        }

        Assert.Contains("encoder-decoder", Assert.Throws<ModelFormatException>(() => PretrainedModel.Load(folder.FullPath, _device)).Message, StringComparison.Ordinal);
        var config = File.ReadAllText(folder[ModelConfig.FileName]);
        File.WriteAllText(folder[ModelConfig.FileName], config.Replace("\"num_decoder_layers\": 2", "\"num_decoder_layers\": 3", StringComparison.Ordinal));
        Assert.Contains("decoder.block.2", Assert.Throws<ModelFormatException>(() => PretrainedModel.LoadEncoderDecoder(folder.FullPath, _device)).Message, StringComparison.Ordinal);
        using var llama = TinyModels.Create("llama", _device);
        PretrainedModel.Save(llama, folder.FullPath);
        Assert.Contains("decoder-only", Assert.Throws<ModelFormatException>(() => PretrainedModel.LoadEncoderDecoder(folder.FullPath, _device)).Message, StringComparison.Ordinal);
        Assert.False(PretrainedModel.IsEncoderDecoder(folder.FullPath));
    }

    [Fact]
    public void Bad_batches_and_caches_are_refused()
    {
        using var model = Create("original");
        var batch = Pairs(model.StartId);
        using var tape = new Tape(_device);
        Assert.Throws<ArgumentOutOfRangeException>(() => model.Encode(tape, TokenBatch.FromLengths([TinyModels.Vocabulary], [1])));
        var encoded = model.Encode(tape, batch.Source);
        Assert.Throws<ArgumentException>(() => model.Decode(tape, TokenBatch.FromLengths([0], [1]), batch.Source, encoded));
        using var cache = model.CreateCache(_device, batch.Source, 2, 4);
        Assert.Throws<ArgumentException>(() => model.Decode(tape, cache, cache.NextBatch([[0], [0], [0], [0], [0], [0]])));
        Assert.Contains("different sources", Assert.Throws<ArgumentException>(() => cache.Reorder([0, 0, 1, 3, 4, 5])).Message, StringComparison.Ordinal);
    }

    private static T5Config Config(string kind)
    {
        var config = new T5Config
        {
            VocabularySize = TinyModels.Vocabulary,
            HiddenSize = 20,
            HeadDimension = 6,
            IntermediateSize = 28,
            LayerCount = 2,
            DecoderLayerCount = 2,
            HeadCount = 3,
            MaxPositions = 512,
            RelativeBuckets = 8,
            RelativeMaxDistance = 20,
            EosIds = [1],
        };
        return kind switch
        {
            "original" => config,
            "gated" => config with { FeedForward = "gated-gelu", TiesEmbeddings = false },
            _ => config with { FeedForward = "gated-silu", LayerCount = 1, DecoderLayerCount = 3, ScalesDecoderOutputs = false },
        };
    }

    private EncoderDecoderModel Create(string kind) => PretrainedModel.CreateEncoderDecoder(Config(kind), _device, new RandomStream(3, "init"));

    private static SequencePairBatch Pairs(int startId) => SequencePairBatch.Create(
        [new(TinyModels.Ids(7, 1), TinyModels.Ids(4, 2)), new(TinyModels.Ids(70, 3), TinyModels.Ids(1, 4)), new(TinyModels.Ids(1, 5), TinyModels.Ids(30, 6))], startId);

    private double Loss(EncoderDecoderModel model, SequencePairBatch batch)
    {
        using var tape = new Tape(_device, recordGradients: false);
        return batch.Loss(tape, model);
    }

    private static RandomStream Chance() => new(8, "sample");
}
