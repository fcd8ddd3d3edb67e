using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Transfuse.Tensors.Autograd;
using Transfuse.Tensors.Devices;
using Transfuse.Tensors.Devices.Cpu;
using Transfuse.Tensors.Optimizers;
using Transfuse.Training;

namespace Transfuse.Benchmarks.Training;

/// <summary>What the reference script does in PyTorch, done here, with figures in the same words.</summary>
internal static class ReferenceRun
{
    private const int WarmUp = 2;

    /// <summary>Writes the gradient of the first batch to <c>gcs_NAME_PRECISION.bin</c>, in the order of the weights.</summary>
    internal static void WriteGradient(ReferenceModel reference, string folder, ProductPrecision precision)
    {
        using var device = new CpuDevice(precision: precision);
        using var model = reference.Load(device, folder);
        foreach (var parameter in model.Parameters)
        {
            parameter.ZeroGradient(device);
        }

        var batch = reference.Batches(folder)[0];
        using (var tape = new Tape(device, recordGradients: true))
        {
            var hidden = model.Forward(tape, batch.Tokens);
            var losses = tape.LinearCrossEntropy(hidden, model.HeadWeight, model.HeadOptions, batch.Labels, EqualWeights(reference));
            Console.WriteLine($"loss {Mean(losses.LabelLosses.Span):F6}");
            tape.Backward();
        }

        using var file = File.Create(Path.Combine(folder, $"gcs_{reference.Name}_{Word(precision)}.bin"));
        foreach (var parameter in model.Parameters)
        {
            file.Write(MemoryMarshal.AsBytes(parameter.Gradient!.AsSpan()));
        }
    }

    /// <summary>Trains and prints the time of a step.</summary>
    internal static void Train(ReferenceModel reference, string folder, int steps, ProductPrecision precision)
    {
        using var device = new CpuDevice(precision: precision);
        using var model = reference.Load(device, folder);
        var options = new TrainingOptions
        {
            Steps = steps,
            ClipNorm = 0,
            Optimizer = new AdamWOptions { Beta1 = 0.9f, Beta2 = 0.95f, Epsilon = 1e-8f, WeightDecay = 0.1f },
            Schedule = new LearningRateSchedule { Kind = ScheduleKind.Constant, Peak = 1e-3, Steps = steps },
        };
        var watch = new StepWatch();
        using var trainer = new Trainer(device, model, new FixedBatches(reference.Batches(folder)), options);
        watch.Start();
        trainer.Run(watch);
        Report(reference, device, "train", watch.Milliseconds);
    }

    /// <summary>Computes the loss without a gradient and prints the time of a pass.</summary>
    internal static void Forward(ReferenceModel reference, string folder, int passes, ProductPrecision precision)
    {
        using var device = new CpuDevice(precision: precision);
        using var model = reference.Load(device, folder);
        var batches = reference.Batches(folder);
        var weights = EqualWeights(reference);
        var times = new List<double>();
        for (var pass = 0; pass < passes; pass++)
        {
            var started = Stopwatch.GetTimestamp();
            var batch = batches[pass % batches.Length];
            using var tape = new Tape(device, recordGradients: false);
            var losses = tape.LinearCrossEntropy(model.Forward(tape, batch.Tokens), model.HeadWeight, model.HeadOptions, batch.Labels, weights);
            var loss = Mean(losses.LabelLosses.Span);
            times.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"pass {pass} loss {loss:F6} {times[^1]:F0} ms"));
        }

        Report(reference, device, "eval", times);
    }

    private static float[] EqualWeights(ReferenceModel reference)
    {
        var weights = new float[reference.BatchTokens];
        Array.Fill(weights, 1f / weights.Length);
        return weights;
    }

    private static double Mean(ReadOnlySpan<float> values)
    {
        var sum = 0d;
        foreach (var value in values)
        {
            sum += value;
        }

        return sum / values.Length;
    }

    private static void Report(ReferenceModel reference, CpuDevice device, string mode, List<double> milliseconds)
    {
        var kept = milliseconds.Skip(WarmUp).Order().ToArray();
        var median = kept[kept.Length / 2];
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"TF {reference.Name} {Word(device.Precision)} {mode}: median {median:F0} ms {reference.BatchTokens / median * 1000:F0} tok/s best {reference.BatchTokens / kept[0] * 1000:F0} tok/s peakRSS {PeakMemory()} MB"));
    }

    private static string Word(ProductPrecision precision) => precision == ProductPrecision.BFloat16 ? "bf16" : "f32";

    private static long PeakMemory()
    {
        using var process = Process.GetCurrentProcess();
        return process.PeakWorkingSet64 >> 20;
    }

    private sealed class FixedBatches(TrainingBatch[] batches) : IBatchSource
    {
        public TrainingBatch Get(long index) => batches[index % batches.Length];
    }

    private sealed class StepWatch : ITrainingObserver
    {
        private long _started;

        internal List<double> Milliseconds { get; } = [];

        internal void Start() => _started = Stopwatch.GetTimestamp();

        public void Step(TrainerState state, StepResult result, double learningRate, double? validationLoss)
        {
            Milliseconds.Add(Stopwatch.GetElapsedTime(_started).TotalMilliseconds);
            if (state.Step <= 8)
            {
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"step {state.Step - 1} loss {result.Loss:F6} {Milliseconds[^1]:F0} ms"));
            }

            _started = Stopwatch.GetTimestamp();
        }

        public double Validate(Trainer trainer) => throw new NotSupportedException("These runs validate nothing.");

        public void Checkpoint(Trainer trainer)
        {
        }
    }
}
