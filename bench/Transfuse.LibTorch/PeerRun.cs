using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace Transfuse.LibTorch;

/// <summary>What the reference script does with the model, with figures in the same words.</summary>
internal sealed class PeerRun(PeerLlama model, bool bfloat16, bool fusedOptimizer)
{
    private const int WarmUp = 2, ShownSteps = 8;

    private string Title => $"{model.Shape.Name} {(bfloat16 ? "bf16" : "f32")}";

    /// <summary>Runs mode <c>train</c>, <c>eval</c> or <c>grad</c>.</summary>
    internal void Execute(string mode, int steps)
    {
        switch (mode)
        {
            case "grad":
                CompareGradient();
                break;
            case "eval":
                Measure(mode, steps, Evaluate);
                break;
            default:
                Train(mode, steps);
                break;
        }
    }

    private double Evaluate(Tensor batch)
    {
        using var frozen = no_grad();
        using var loss = model.Loss(batch, bfloat16);
        return loss.item<float>();
    }

    private void Train(string mode, int steps)
    {
        var settings = new AdamWSettings();
        using var fused = fusedOptimizer ? new FusedAdamW(model.Parameters, settings) : null;
        using var plain = fusedOptimizer
            ? null
            : optim.AdamW(model.Parameters, settings.LearningRate, settings.Beta1, settings.Beta2, settings.Epsilon, settings.WeightDecay);
        Measure(mode, steps, batch =>
        {
            using var scope = NewDisposeScope();
            DropGradients();
            var loss = model.Loss(batch, bfloat16);
            loss.backward();
            fused?.Step();
            plain?.step();
            return loss.item<float>();
        });
    }

    private void Measure(string mode, int steps, Func<Tensor, double> run)
    {
        var times = new List<double>();
        for (var step = 0; step < steps; step++)
        {
            var started = Stopwatch.GetTimestamp();
            var loss = run(model.Batches[step % model.Batches.Length]);
            times.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
            if (step < ShownSteps || step == steps - 1)
            {
                Print($"step {step} loss {loss:F6} {times[^1]:F0} ms");
            }
        }

        var kept = times.Skip(WarmUp).Order().ToArray();
        var (median, tokens) = (kept[kept.Length / 2], model.Shape.Sequences * model.Shape.Length * 1000);
        Print($"LT {Title} {mode}: median {median:F0} ms {tokens / median:F0} tok/s best {tokens / kept[0]:F0} tok/s peakRSS {PeakMemory()} MB");
    }

    private void CompareGradient()
    {
        using var loss = model.Loss(model.Batches[0], bfloat16);
        loss.backward();
        using var file = File.OpenRead($"gcs_{Title.Replace(' ', '_')}.bin");
        var (worst, difference, size) = (0d, 0d, 0d);
        foreach (var parameter in model.Parameters)
        {
            using var gradient = parameter.grad!;
            var theirs = gradient.data<float>().ToArray();
            var ours = new float[theirs.Length];
            file.ReadExactly(MemoryMarshal.AsBytes(ours.AsSpan()));
            var apart = theirs.Zip(ours, (a, b) => (double)(a - b) * (a - b)).Sum();
            var square = theirs.Sum(a => (double)a * a);
            (worst, difference, size) = (Math.Max(worst, Math.Sqrt(apart / square)), difference + apart, size + square);
        }

        Print($"loss {loss.item<float>():F6} grad rel L2 err {Math.Sqrt(difference / size):E2} worst tensor {worst:E2}");
    }

    private void DropGradients()
    {
        foreach (var parameter in model.Parameters)
        {
            parameter.grad = null;
        }
    }

    private static long PeakMemory()
    {
        var line = File.ReadLines("/proc/self/status").First(line => line.StartsWith("VmHWM", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1024;
    }

    private static void Print(FormattableString line) => Console.WriteLine(line.ToString(CultureInfo.InvariantCulture));
}
