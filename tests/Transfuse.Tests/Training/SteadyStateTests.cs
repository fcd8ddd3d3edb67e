using Transfuse.Checkpoints;
using Transfuse.Models;
using Transfuse.Tensors.Devices;
using Transfuse.Tensors.Devices.Cpu;
using Transfuse.Tensors.Optimizers;
using Transfuse.Tensors.Random;
using Transfuse.Training;

namespace Transfuse.Tests.Training;

/// <summary>Collections are counted for the whole process, so nothing else runs meanwhile.</summary>
[CollectionDefinition(nameof(SteadyState), DisableParallelization = true)]
public sealed class SteadyState;

/// <summary>What a training step leaves to the garbage collector.</summary>
[Collection(nameof(SteadyState))]
public sealed class SteadyStateTests
{
    private const int Vocabulary = 211;
    private const int BatchTokens = 4096;

    [Theory]
    [InlineData("llama", false, false)]
    [InlineData("llama", true, true)]
    [InlineData("gpt2", true, false)]
    [InlineData("mpt", false, true)]
    public void A_steady_step_allocates_under_64_kB_and_collects_nothing(string architecture, bool withTeacher, bool recompute)
    {
        using var device = new CpuDevice(threads: 2);
        using var model = PretrainedModel.Create(Config(architecture), device, new RandomStream(1, "weights"));
        var options = new TrainingOptions
        {
            Steps = 12,
            LabelWeight = 0.5f,
            Recompute = recompute,
            Schedule = new LearningRateSchedule { Kind = ScheduleKind.Constant, Peak = 1e-3, Steps = 12 },
        };
        using var trainer = new Trainer(device, model, new PackedBatches([.. Documents(withTeacher)], 1, BatchTokens, 128), options);
        var meter = new Meter();
        trainer.Run(meter);
        Assert.True(meter.BytesPerStep < 64_000, $"{meter.BytesPerStep} bytes a step");
        Assert.Equal(0, meter.Collections);
    }

    private static ModelConfig Config(string architecture) => architecture switch
    {
        "gpt2" => new Gpt2Config { VocabularySize = Vocabulary, HiddenSize = 32, IntermediateSize = 64, LayerCount = 8, HeadCount = 2, MaxPositions = 128 },
        "mpt" => new MptConfig { VocabularySize = Vocabulary, HiddenSize = 32, IntermediateSize = 64, LayerCount = 8, HeadCount = 2, MaxPositions = 128 },
        _ => new LlamaConfig { VocabularySize = Vocabulary, HiddenSize = 32, IntermediateSize = 64, LayerCount = 8, HeadCount = 2, MaxPositions = 128 },
    };

    private static IEnumerable<TrainingDocument> Documents(bool withTeacher)
    {
        const int kept = 8;
        const int rows = 300;
        for (var d = 0; d < 200; d++)
        {
            var ids = Enumerable.Range(0, rows + 1).Select(i => ((i * 7) + d) % Vocabulary).ToArray();
            var teacher = new SparseTargets
            {
                RowStarts = Enumerable.Range(0, rows + 1).Select(row => row * kept).ToArray(),
                Ids = Enumerable.Range(0, rows * kept).Select(i => i % Vocabulary).ToArray(),
                Probabilities = Enumerable.Repeat(0.1f, rows * kept).ToArray(),
                RestMass = Enumerable.Repeat(0.2f, rows).ToArray(),
                Weights = Enumerable.Repeat(1f, rows).ToArray(),
            };
            yield return new TrainingDocument(ids, withTeacher ? teacher : null);
        }
    }

    private sealed class Meter : ITrainingObserver
    {
        private const int Warm = 5;
        private long _bytes;
        private int _collections;

        internal long BytesPerStep { get; private set; }

        internal int Collections { get; private set; }

        public void Step(TrainerState state, StepResult result, double learningRate, double? validationLoss)
        {
            if (state.Step == Warm)
            {
                // What was allocated before may have left the youngest generation all but full.
                GC.Collect();
                (_bytes, _collections) = (GC.GetTotalAllocatedBytes(precise: true), GC.CollectionCount(0));
            }
            else if (state.Step > Warm)
            {
                BytesPerStep = (GC.GetTotalAllocatedBytes(precise: true) - _bytes) / (state.Step - Warm);
                Collections = GC.CollectionCount(0) - _collections;
            }
        }

        public double Validate(Trainer trainer) => 0;

        public void Checkpoint(Trainer trainer)
        {
        }
    }
}
