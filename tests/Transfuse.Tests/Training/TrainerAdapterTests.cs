using Transfuse.Adapters;
using Transfuse.Models;
using Transfuse.Tensors.Devices.Cpu;
using Transfuse.Tensors.Optimizers;
using Transfuse.Tensors.Random;
using Transfuse.Tests.Models;
using Transfuse.Tests.Shared;
using Transfuse.Training;

namespace Transfuse.Tests.Training;

public sealed class TrainerAdapterTests
{
    private static readonly LoraConfig Config = new() { TargetModules = ["q_proj", "down_proj"], ModulesToSave = ["norm"], Rank = 2 };

    [Fact]
    public void Training_a_model_with_an_adapter_changes_and_keeps_the_adapter_alone()
    {
        using var device = new CpuDevice(threads: 2);
        using var folder = new TemporaryFolder();
        using var model = TinyModels.Create("llama", device);
        var before = Values(model);
        using var adapter = ModelAdapters.Create(model, Config, device, new RandomStream(1, "lora"));
        var observer = new Losses();
        using (var trainer = new Trainer(device, model, new OneBatch(), Options(6)))
        {
            trainer.Run(observer);
            trainer.Save(folder["state"]);
        }

        Assert.True(observer.Seen[^1] < observer.Seen[0]);
        foreach (var (name, values) in Values(model))
        {
            Assert.Equal(!name.Equals("model.norm.weight", StringComparison.Ordinal), values.AsSpan().SequenceEqual(before[name]));
        }

        using var other = TinyModels.Create("llama", device);
        using var fresh = ModelAdapters.Create(other, Config, device, new RandomStream(2, "lora"));
        using var resumed = new Trainer(device, other, new OneBatch(), Options(6));
        resumed.Restore(folder["state"]);
        Assert.True(resumed.IsDone);
        foreach (var (expected, actual) in adapter.Parameters.Zip(fresh.Parameters))
        {
            Assert.Equal(expected.Value.AsSpan().ToArray(), actual.Value.AsSpan().ToArray());
        }
    }

    private static TrainingOptions Options(int steps) => new()
    {
        Steps = steps,
        LogEvery = 1,
        Schedule = new LearningRateSchedule { Kind = ScheduleKind.Constant, Peak = 0.01, Steps = steps },
    };

    private static Dictionary<string, float[]> Values(LanguageModel model) =>
        model.Parameters.ToDictionary(parameter => parameter.Name, parameter => parameter.Value.AsSpan().ToArray(), StringComparer.Ordinal);

    private sealed class OneBatch : IBatchSource
    {
        public TrainingBatch Get(long index)
        {
            var ids = TinyModels.Ids(20);
            return new TrainingBatch(TokenBatch.FromLengths(ids, [20]), [.. ids.Skip(1), -1]);
        }
    }

    private sealed class Losses : ITrainingObserver
    {
        internal List<double> Seen { get; } = [];

        public void Step(TrainerState state, StepResult result, double learningRate, double? validationLoss) => Seen.Add(result.Loss);

        public double Validate(Trainer trainer) => 0;

        public void Checkpoint(Trainer trainer)
        {
        }
    }
}
