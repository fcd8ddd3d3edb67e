using System.Globalization;

namespace Transfuse.Tokenization.Patterns;

/// <summary>The Unicode script of code points, which .NET does not know.</summary>
internal static class UnicodeScripts
{
    /// <summary>The script of unassigned code points.</summary>
    public const int Unknown = -1;

    private const string RecentName = "Recent";
    private static readonly Lazy<Table> Data = new(Read);

    /// <summary>Number of a script by its name (any case, without underscores), or null.</summary>
    public static int? Find(string name)
    {
        var index = Array.IndexOf(Data.Value.Names, name.ToLowerInvariant());
        return index < 0 ? null : index;
    }

    /// <summary>Whether a code point was added after Unicode 9.</summary>
    public static bool IsRecent(int scalar)
    {
        var recent = Data.Value.Recent;
        var index = Array.BinarySearch(recent, (scalar, int.MaxValue));
        index = index < 0 ? ~index - 1 : index;
        return index >= 0 && scalar <= recent[index].End;
    }

    /// <summary>Number of the script of a code point, or <see cref="Unknown"/>.</summary>
    public static int Of(int scalar)
    {
        var table = Data.Value;
        var index = Array.BinarySearch(table.Starts, scalar);
        index = index < 0 ? ~index - 1 : index;
        return index >= 0 && scalar <= table.Ends[index] ? table.Scripts[index] : Unknown;
    }

    private static Table Read()
    {
        using var stream = typeof(UnicodeScripts).Assembly.GetManifestResourceStream("UnicodeScripts.txt")
            ?? throw new InvalidOperationException("The assembly lacks its resource UnicodeScripts.txt.");
        using var reader = new StreamReader(stream);
        var names = new List<string>();
        var ranges = new List<(int Start, int End, int Script)>();
        var recent = new List<(int Start, int End)>();
        while (reader.ReadLine() is { } line)
        {
            if (line.StartsWith('#'))
            {
                continue;
            }

            var fields = line.Split(' ');
            foreach (var range in fields.AsSpan(1))
            {
                var bounds = range.Split('-');
                if (string.Equals(fields[0], RecentName, StringComparison.Ordinal))
                {
                    recent.Add((Hex(bounds[0]), Hex(bounds[^1])));
                }
                else
                {
                    ranges.Add((Hex(bounds[0]), Hex(bounds[^1]), names.Count));
                }
            }

            names.Add(fields[0].Replace("_", "", StringComparison.Ordinal).ToLowerInvariant());
        }

        ranges.Sort();
        return new Table(
            [.. names],
            [.. ranges.Select(range => range.Start)],
            [.. ranges.Select(range => range.End)],
            [.. ranges.Select(range => range.Script)],
            [.. recent]);
    }

    private static int Hex(string digits) => int.Parse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);

    private sealed record Table(string[] Names, int[] Starts, int[] Ends, int[] Scripts, (int Start, int End)[] Recent);
}
