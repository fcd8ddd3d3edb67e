using System.Globalization;
using Transfuse.Diagnostics;

namespace Transfuse.Cli.Output;

/// <summary>Progress in words.</summary>
internal static class ProgressText
{
    /// <summary>One line: <c>capture a  1 200/4 000 tokens  30 %  12 s  eta 28 s  detail</c>.</summary>
    internal static string Line(ProgressEvent progress, TimeSpan elapsed)
    {
        var text = $"{progress.Stage}  {Count(progress)}";
        if (progress.Total > 0)
        {
            text += string.Create(CultureInfo.InvariantCulture, $"  {100.0 * progress.Done / progress.Total:0} %");
        }

        text += $"  {Duration(elapsed)}";
        if (progress.Done > 0 && progress.Done < progress.Total)
        {
            text += $"  eta {Duration(elapsed * ((double)(progress.Total - progress.Done) / progress.Done))}";
        }

        return progress.Detail is null ? text : $"{text}  {progress.Detail}";
    }

    /// <summary>What is done of what: <c>1 200/4 000 tokens</c>.</summary>
    internal static string Count(ProgressEvent progress) =>
        progress.Total > 0 ? $"{Number(progress.Done)}/{Number(progress.Total)} {progress.Unit}" : $"{Number(progress.Done)} {progress.Unit}";

    /// <summary>A whole number with its digits in groups of three.</summary>
    internal static string Number(long value) => value.ToString("#,0", CultureInfo.InvariantCulture).Replace(',', ' ');

    /// <summary>A number of bytes in a unit that fits: <c>1.5 GB</c> (decimal units).</summary>
    internal static string Bytes(long bytes)
    {
        string[] units = ["B", "kB", "MB", "GB", "TB"];
        var value = (double)bytes;
        var unit = 0;
        while (Math.Abs(value) >= 1000 && unit < units.Length - 1)
        {
            value /= 1000;
            unit++;
        }

        return string.Create(CultureInfo.InvariantCulture, $"{value:0.#} {units[unit]}");
    }

    /// <summary>A time span in the two units that matter: <c>12 s</c>, <c>3m 05s</c>, <c>2h 10m</c>.</summary>
    internal static string Duration(TimeSpan span)
    {
        var seconds = (long)span.TotalSeconds;
        return seconds switch
        {
            < 60 => $"{seconds} s",
            < 3600 => string.Create(CultureInfo.InvariantCulture, $"{seconds / 60}m {seconds % 60:00}s"),
            _ => string.Create(CultureInfo.InvariantCulture, $"{seconds / 3600}h {seconds / 60 % 60:00}m"),
        };
    }
}
