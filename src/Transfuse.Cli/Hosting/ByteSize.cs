using System.Globalization;

namespace Transfuse.Cli.Hosting;

/// <summary>Sizes as people write them: a number and B, kB, MB, GB, TB (powers of 1000) or KiB, MiB, GiB, TiB (powers of 1024).</summary>
internal static class ByteSize
{
    private static readonly (string Unit, double Bytes)[] Units =
    [
        ("kib", 1L << 10), ("mib", 1L << 20), ("gib", 1L << 30), ("tib", 1L << 40), ("kb", 1e3), ("mb", 1e6), ("gb", 1e9), ("tb", 1e12), ("b", 1),
    ];

    /// <summary>Reads a size above 0; a number without unit is bytes.</summary>
    internal static bool TryParse(string text, out long bytes)
    {
        var factor = 1.0;
        var number = text.Trim();
        foreach (var (unit, size) in Units)
        {
            if (number.EndsWith(unit, StringComparison.OrdinalIgnoreCase))
            {
                (number, factor) = (number[..^unit.Length].TrimEnd(), size);
                break;
            }
        }

        bytes = 0;
        if (!double.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value) || !(value * factor is >= 1 and < long.MaxValue))
        {
            return false;
        }

        bytes = (long)(value * factor);
        return true;
    }
}
