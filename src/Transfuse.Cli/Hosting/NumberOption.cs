using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Numerics;

namespace Transfuse.Cli.Hosting;

/// <summary>Options that take a number of a range; anything else is a usage error that names the range.</summary>
internal static class NumberOption
{
    /// <summary>An option that takes a whole number.</summary>
    internal static Option<int?> Whole(string name, string description, string helpName, int minimum, int maximum = int.MaxValue, int? byDefault = null) =>
        Create<int>(name, description, helpName, byDefault, NumberStyles.AllowLeadingSign, value => value >= minimum && value <= maximum, Range("a whole number", minimum, maximum));

    /// <summary>An option that takes a real number.</summary>
    internal static Option<double?> Real(string name, string description, string helpName, double minimum, double maximum = double.MaxValue) =>
        Create<double>(name, description, helpName, null, NumberStyles.Float, value => value >= minimum && value <= maximum, Range("a number", minimum, maximum));

    /// <summary>An option that takes a share: above 0, at most 1.</summary>
    internal static Option<double?> Share(string name, string description, string helpName, double? byDefault = null) =>
        Create<double>(name, description, helpName, byDefault, NumberStyles.Float, value => value is > 0 and <= 1, "a number above 0 and at most 1");

    // The library's own conversion accepts what the current culture does, and throws out of the parser where a validator asks for the value.
    private static Option<T?> Create<T>(string name, string description, string helpName, T? byDefault, NumberStyles style, Func<T, bool> isInRange, string expected)
        where T : struct, INumber<T>
    {
        var option = new Option<T?>(name) { Description = description, HelpName = helpName, CustomParser = Parse };
        if (byDefault is not null)
        {
            option.DefaultValueFactory = _ => byDefault;
        }

        return option;

        T? Parse(ArgumentResult result)
        {
            var text = result.Tokens[0].Value;
            if (T.TryParse(text, style, CultureInfo.InvariantCulture, out var value) && isInRange(value))
            {
                return value;
            }

            result.AddError($"{name} must be {expected}, found '{text}'");
            return null;
        }
    }

    private static string Range<T>(string what, T minimum, T maximum)
        where T : INumber<T>, IMinMaxValue<T> =>
        maximum == T.MaxValue
            ? string.Create(CultureInfo.InvariantCulture, $"{what} of at least {minimum}")
            : string.Create(CultureInfo.InvariantCulture, $"{what} from {minimum} to {maximum}");
}
