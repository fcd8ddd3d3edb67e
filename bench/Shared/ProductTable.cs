using System.Diagnostics;
using System.Globalization;

namespace Transfuse.Benchmarks.Shared;

/// <summary>What the rates of products are measured and printed by, ours and the peer's: both projects compile this file.</summary>
internal static class ProductTable
{
    private const double SecondsPerCell = 0.25;

    /// <summary>GFLOP/s of the fastest of the products that fit into a quarter of a second.</summary>
    internal static double Rate(double flops, Action multiply)
    {
        multiply();
        var best = double.MaxValue;
        for (var started = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(started).TotalSeconds < SecondsPerCell;)
        {
            var start = Stopwatch.GetTimestamp();
            multiply();
            best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalSeconds);
        }

        return flops / best / 1e9;
    }

    /// <summary>One line: forward (NT), gradient of the input (NN) and of the weight (TN, accumulated).</summary>
    internal static void WriteLine(long tokens, long output, long input, double forward, double inputGradient, double weightGradient) =>
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"| {tokens}, {output}, {input} | {forward:F0} | {inputGradient:F0} | {weightGradient:F0} |"));
}
