using Transfuse.Checkpoints;
using Transfuse.Models;
using Transfuse.Tensors.Devices.Cpu;
using Transfuse.Tensors.Optimizers;
using Transfuse.Tensors.Random;
using Transfuse.Tests.Shared;
using Transfuse.Training;

namespace Transfuse.Tests.Training;

/// <summary>Training with moments in fewer bits.</summary>
public sealed class OptimizerStatesTests
{
    private const int Vocabulary = 61;
    private const int Steps = 120;

    [Theory]
    [InlineData(OptimizerStates.Bfloat16)]
    [InlineData(OptimizerStates.Int8)]
    public void Training_ends_at_nearly_the_same_loss(OptimizerStates states)
    {
        var exact = Train(OptimizerStates.Float32, stopAt: null).Loss;
        var packed = Train(states, stopAt: null).Loss;
        Assert.True(exact < 0.8 * Math.Log(Vocabulary), $"training in float32 ends at {exact}");
        Assert.Equal(exact, packed, 0.02 * exact);
    }

    [Theory]
    [InlineData(OptimizerStates.Bfloat16)]
    [InlineData(OptimizerStates.Int8)]
    public void A_resumed_run_ends_in_the_same_bits(OptimizerStates states) =>
        Assert.Equal(Train(states, stopAt: null).Weights, Train(states, stopAt: 50).Weights);

    private static (double Loss, float[] Weights) Train(OptimizerStates states, int? stopAt)
    {
        using var folder = new TemporaryFolder();
        using var device = new CpuDevice(threads: 2);
        var losses = new Losses();
        if (stopAt is not null)
        {
            using var stopped = Model(device);
            using var first = Trainer(device, stopped, states);
            using var cancellation = new CancellationTokenSource();
            losses.AtStep = step => _ = step == stopAt ? cancellation.CancelAsync() : Task.CompletedTask;
            losses.Folder = folder["state"];
            Assert.Throws<OperationCanceledException>(() => first.Run(losses, cancellation.Token));
            losses.AtStep = null;
        }

        using var model = Model(device);
        using var trainer = Trainer(device, model, states);
        if (stopAt is not null)
        {
            trainer.Restore(folder["state"]);
            Assert.Equal(stopAt, trainer.State.Step);
        }

        trainer.Run(losses);
        return (losses.Seen.TakeLast(20).Average(), [.. model.Parameters.SelectMany(parameter => parameter.Value.AsSpan().ToArray())]);
    }

    private static Trainer Trainer(CpuDevice device, LanguageModel model, OptimizerStates states)
    {
        var random = new RandomStream(3, "text");
        // A grammar to learn: each token allows three others.
        var documents = Enumerable.Range(0, 100).Select(_ =>
        {
            var ids = new int[65];
            for (var i = 1; i < ids.Length; i++)
            {
                ids[i] = ((ids[i - 1] * 5) + (7 * random.NextInt32(3)) + 1) % Vocabulary;
            }

            return new TrainingDocument(ids);
        });
        var options = new TrainingOptions
        {
            Steps = Steps,
            Optimizer = new AdamWOptions { States = states },
            Schedule = new LearningRateSchedule { Kind = ScheduleKind.Cosine, Peak = 5e-3, Steps = Steps, WarmupSteps = 10 },
        };
        return new Trainer(device, model, new PackedBatches([.. documents], 1, 512, 64), options);
    }

    private static LanguageModel Model(CpuDevice device) => PretrainedModel.Create(
        new LlamaConfig { VocabularySize = Vocabulary, HiddenSize = 32, IntermediateSize = 64, LayerCount = 2, HeadCount = 2, MaxPositions = 64 },
        device, new RandomStream(1, "weights"));

    private sealed class Losses : ITrainingObserver
    {
        internal List<double> Seen { get; } = [];

        internal Action<int>? AtStep { get; set; }

        internal string? Folder { get; set; }

        public void Step(TrainerState state, StepResult result, double learningRate, double? validationLoss)
        {
            Seen.Add(result.LabelLoss);
            AtStep?.Invoke(state.Step);
        }

        public double Validate(Trainer trainer) => 0;

        public void Checkpoint(Trainer trainer) => trainer.Save(Folder!);
    }
}
