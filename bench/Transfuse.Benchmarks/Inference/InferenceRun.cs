using System.Diagnostics;
using System.Globalization;
using Transfuse.Generation;
using Transfuse.Models;
using Transfuse.Tensors.Devices;
using Transfuse.Tensors.Devices.Cpu;
using Transfuse.Tensors.Random;

namespace Transfuse.Benchmarks.Inference;

/// <summary>
/// Times greedy generation and scoring from a GGUF file whose weights rest as stored, through the library's own doors, over the token ids that
/// the peer's program reads. The best of several rounds counts, as there.
/// </summary>
internal static class InferenceRun
{
    private const int TopCount = 10;

    /// <summary>Continues one sequence of <paramref name="prompt"/> tokens by <paramref name="tokens"/>; the prompt's own time does not count.</summary>
    internal static void Decode(string path, int prompt, int tokens, int rounds, int threads, ProductPrecision precision)
    {
        using var device = new CpuDevice(threads: threads, precision: precision);
        using var model = PretrainedModel.Load(path, device, precision: WeightPrecision.Packed);
        var generator = new TextGenerator(model, device);
        var options = new GenerationOptions { MaxNewTokens = tokens + 1, Temperature = 0 };
        var (best, bytes) = (double.MaxValue, long.MaxValue);
        for (var round = 0; round <= rounds; round++)
        {
            var (first, last, allocated, ids) = (0L, 0L, 0L, 0);
            generator.Generate([Ids(prompt, model.VocabularySize)], options, new RandomStream(0, "bench"), (_, _) =>
            {
                last = Stopwatch.GetTimestamp();
                if (ids++ == 0)
                {
                    (first, allocated) = (last, GC.GetTotalAllocatedBytes(precise: true));
                }
            });
            best = Math.Min(best, Stopwatch.GetElapsedTime(first, last).TotalSeconds / tokens);
            bytes = Math.Min(bytes, (GC.GetTotalAllocatedBytes(precise: true) - allocated) / tokens);
        }

        Report("decode", 1 / best, $"{bytes} bytes allocated a token");
    }

    /// <summary>Scores sequences of <paramref name="tokens"/> tokens one by one: every token's log-probability and the ten most probable ids.</summary>
    internal static void Score(string path, int tokens, int rounds, int threads, ProductPrecision precision)
    {
        using var device = new CpuDevice(threads: threads, precision: precision);
        using var model = PretrainedModel.Load(path, device, precision: WeightPrecision.Packed);
        var scorer = new SequenceScorer(model, device);
        var ids = Ids(tokens, model.VocabularySize);
        var (best, sum) = (double.MaxValue, 0.0);
        for (var round = 0; round <= rounds; round++)
        {
            var started = Stopwatch.GetTimestamp();
            var scores = scorer.Score([ids], TopCount).Single();
            best = Math.Min(best, Stopwatch.GetElapsedTime(started).TotalSeconds / tokens);
            sum = scores.LogProbabilities.Skip(1).Sum(value => (double)value);
        }

        Report("score", 1 / best, string.Create(CultureInfo.InvariantCulture, $"sum of log-probabilities {sum:F4}"));
    }

    // Spread over the vocabulary, as the peer's program has them.
    private static int[] Ids(int count, int vocabulary) => [.. Enumerable.Range(0, count).Select(i => i == 0 ? 1 : 3 + (i * 7919 % (vocabulary - 3)))];

    private static void Report(string what, double tokensPerSecond, string note)
    {
        using var process = Process.GetCurrentProcess();
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"{what} {tokensPerSecond:F1} tok/s peakRSS {process.PeakWorkingSet64 >> 20} MB, {note}"));
    }
}
