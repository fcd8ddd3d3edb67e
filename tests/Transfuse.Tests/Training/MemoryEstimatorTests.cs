using Transfuse.Checkpoints;
using Transfuse.Models;
using Transfuse.Tensors;
using Transfuse.Tensors.Autograd;
using Transfuse.Tensors.Devices;
using Transfuse.Tensors.Devices.Cpu;
using Transfuse.Tensors.Optimizers;
using Transfuse.Tensors.Random;
using Transfuse.Tests.Models;
using Transfuse.Training;

namespace Transfuse.Tests.Training;

public sealed class MemoryEstimatorTests
{
    private const double Tolerance = 0.1;

    public static TheoryData<string, int, int, bool> Trainings => new()
    {
        { "llama", 96, 32, false },
        { "llama", 96, 32, true },
        { "llama", 300, 24, false },
        { "qwen3", 128, 32, true },
        { "neox", 128, 32, false },
        { "gpt2", 64, 16, false },
        { "mpt", 128, 32, true },
        { "opt", 200, 30, false },
    };

    [Theory]
    [MemberData(nameof(Trainings))]
    public void Training_takes_what_was_estimated(string architecture, int batchTokens, int block, bool recompute)
    {
        using var device = new CpuDevice(threads: 2);
        var options = Options() with { Recompute = recompute };
        var estimate = new MemoryEstimator(device).OfTraining(on => TinyModels.Create(architecture, on), options, batchTokens, block);
        Assert.Equal(0, device.Memory.PeakReservedBytes);

        using var model = TinyModels.Create(architecture, device);
        using var trainer = new Trainer(device, model, new PackedBatches([.. Documents(model, block)], 1, batchTokens, block), options);
        trainer.Run(new Silent());

        AssertNear(device.Memory.PeakReservedBytes, estimate.Peak);
        AssertNear(device.Memory.PeakUsedBytes, estimate.Parameters + estimate.Gradients + estimate.OptimizerStates + estimate.Working);
    }

    [Theory]
    [InlineData("llama", 400)]
    [InlineData("neox", 64)]
    [InlineData("mpt", 256)]
    public void Scoring_takes_what_was_estimated(string architecture, int tokens)
    {
        using var device = new CpuDevice(threads: 2);
        var estimate = new MemoryEstimator(device).OfScoring(on => TinyModels.Create(architecture, on), tokens, 32);
        using var model = TinyModels.Create(architecture, device);
        var scorer = new SequenceScorer(model, device) { TokensPerBatch = tokens };
        _ = scorer.Score(Documents(model, 31).Take(tokens / 32).Select(document => document.Ids)).Count();
        AssertNear(device.Memory.PeakReservedBytes, estimate.Peak);
    }

    [Fact]
    public void Generating_takes_what_was_estimated()
    {
        using var device = new CpuDevice(threads: 2);
        var estimate = new MemoryEstimator(device).OfGenerating(on => TinyModels.Create("llama", on), 48);
        using var model = TinyModels.Create("llama", device);
        using var cache = model.CreateCache(device, 1, 48);
        foreach (var count in (int[])[47, 1])
        {
            using var tape = new Tape(device, recordGradients: false);
            var hidden = model.Forward(tape, cache.NextBatch([new int[count]]), cache).Value;
            using var last = hidden.SliceRows(hidden.Rows - 1, 1);
            using var logits = device.Allocate(new Shape(1, model.VocabularySize));
            device.MatMul(MatMulLayout.NT, last, model.HeadWeight.Value, logits);
        }

        AssertNear(device.Memory.PeakReservedBytes, estimate.Peak);
    }

    /// <summary>A cache of 262 GB: whoever touched it would not come back.</summary>
    [Fact]
    public void An_estimate_takes_no_memory_itself()
    {
        using var device = new CpuDevice(threads: 2);
        var config = (LlamaConfig)TinyModels.Config("llama") with { HiddenSize = 4096, IntermediateSize = 64, HeadCount = 32, LayerCount = 40, MaxPositions = 200_000 };
        var estimate = new MemoryEstimator(device).OfGenerating(on => PretrainedModel.Create(config, on, new RandomStream(7, "init")), config.MaxPositions);

        Assert.True(estimate.Working > 2L * sizeof(float) * config.HiddenSize * config.LayerCount * config.MaxPositions);
        Assert.Equal(0, device.Memory.PeakReservedBytes);
    }

    [Fact]
    public void Scoring_pairs_takes_what_was_estimated()
    {
        using var device = new CpuDevice(threads: 2);
        var estimate = new MemoryEstimator(device).OfScoring(MakePairs, 200, 50);
        using var model = MakePairs(device);
        var batch = SequencePairBatch.Create([.. Enumerable.Range(0, 4).Select(_ => new SequencePair(new int[50], new int[50]))], model.StartId);
        using (var tape = new Tape(device, recordGradients: false))
        {
            _ = batch.Loss(tape, model);
        }

        AssertNear(device.Memory.PeakReservedBytes, estimate.Peak);
    }

    [Fact]
    public void Writing_one_text_for_another_takes_what_was_estimated()
    {
        using var device = new CpuDevice(threads: 2);
        var estimate = new MemoryEstimator(device).OfGenerating(MakePairs, 300);
        using var model = MakePairs(device);
        using var cache = model.CreateCache(device, TokenBatch.FromLengths(new int[300], [300]), 1, 300);
        using var tape = new Tape(device, recordGradients: false);
        using var logits = device.Allocate(new Shape(1, model.VocabularySize));
        device.MatMul(MatMulLayout.NT, model.Decode(tape, cache, cache.NextBatch([new int[1]])).Value, model.HeadWeight.Value, logits);
        AssertNear(device.Memory.PeakReservedBytes, estimate.Peak);
    }

    private static EncoderDecoderModel MakePairs(Device device) => PretrainedModel.CreateEncoderDecoder(Pairs, device, new RandomStream(7, "init"));

    private static T5Config Pairs => new()
    {
        VocabularySize = 400,
        HiddenSize = 32,
        HeadDimension = 8,
        IntermediateSize = 80,
        LayerCount = 2,
        DecoderLayerCount = 2,
        HeadCount = 4,
        MaxPositions = 512,
        FeedForward = "gated-gelu",
        EosIds = [1],
    };

    [Fact]
    public void Recomputation_is_estimated_to_take_less()
    {
        using var device = new CpuDevice(threads: 2);
        var estimator = new MemoryEstimator(device);
        var kept = estimator.OfTraining(on => TinyModels.Create("llama", on), Options(), 4096, 32);
        var again = estimator.OfTraining(on => TinyModels.Create("llama", on), Options() with { Recompute = true }, 4096, 32);
        Assert.True(again.Working < kept.Working, $"{again.Working} against {kept.Working}");
        Assert.Equal(kept.Parameters, again.Parameters);
    }

    /// <summary>Two batches a step keep the first one's gradients through the second one's forward pass; one batch has none there.</summary>
    [Fact]
    public void Gradients_take_the_room_of_activations_that_are_done_with()
    {
        (long Peak, long Gradients) Train(int accumulate)
        {
            using var device = new CpuDevice(threads: 1);
            using var model = TinyModels.Create("llama", device);
            using var trainer = new Trainer(device, model, new PackedBatches([.. Documents(model, 32)], 1, 512, 32), Options() with { Accumulate = accumulate });
            trainer.Run(new Silent());
            return (device.Memory.PeakUsedBytes, model.Parameters.Sum(parameter => parameter.Gradient!.Length * sizeof(float)));
        }

        var ((one, gradients), (two, _)) = (Train(1), Train(2));
        Assert.True(one < two - (gradients / 2), $"{one} against {two} bytes, of which gradients {gradients}");
    }

    private static void AssertNear(long measured, long estimated) =>
        Assert.True(Math.Abs(estimated - measured) <= Tolerance * measured, $"estimated {estimated}, measured {measured} bytes");

    private static IEnumerable<TrainingDocument> Documents(LanguageModel model, int rows) =>
        Enumerable.Range(0, 40).Select(d => new TrainingDocument([.. Enumerable.Range(0, rows + 1).Select(i => (i * (d + 3)) % model.VocabularySize)]));

    private static TrainingOptions Options() => new()
    {
        Steps = 3,
        Schedule = new LearningRateSchedule { Kind = ScheduleKind.Constant, Peak = 0.01, Steps = 3 },
    };

    private sealed class Silent : ITrainingObserver
    {
        public void Step(TrainerState state, StepResult result, double learningRate, double? validationLoss)
        {
        }

        public double Validate(Trainer trainer) => 0;

        public void Checkpoint(Trainer trainer)
        {
        }
    }
}
