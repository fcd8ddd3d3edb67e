using System.Globalization;
using System.Text;

namespace Transfuse.Tokenization.ChatTemplates.Library;

/// <summary>Python's <c>strftime</c> in the C locale.</summary>
internal static class TimeFormat
{
    /// <summary>A time in a format; codes that are none stay as they are.</summary>
    internal static string Apply(DateTimeOffset time, string format)
    {
        var text = new StringBuilder();
        for (var i = 0; i < format.Length; i++)
        {
            if (format[i] != '%' || i + 1 == format.Length)
            {
                text.Append(format[i]);
                continue;
            }

            var flag = format[i + 1] is '-' or '_' && i + 2 < format.Length ? format[++i] : '\0';
            var code = format[++i];
            text.Append(Field(time, code) is { } field ? WithFlag(field, flag) : $"%{(flag == '\0' ? string.Empty : flag)}{code}");
        }

        return text.ToString();
    }

    private static string WithFlag(string field, char flag) => flag switch
    {
        '-' => field.TrimStart(' ') is var bare && bare.TrimStart('0') is { Length: > 0 } digits ? digits : bare.Length > 0 ? "0" : bare,
        '_' => field.TrimStart('0').PadLeft(field.Length),
        _ => field,
    };

    private static string? Field(DateTimeOffset time, char code) => code switch
    {
        'Y' => Plain(time, "yyyy"),
        'y' => Plain(time, "yy"),
        'm' => Plain(time, "MM"),
        'd' => Plain(time, "dd"),
        'e' => Plain(time, "%d").PadLeft(2),
        'B' => Plain(time, "MMMM"),
        'b' or 'h' => Plain(time, "MMM"),
        'A' => Plain(time, "dddd"),
        'a' => Plain(time, "ddd"),
        'H' => Plain(time, "HH"),
        'k' => Plain(time, "%H").PadLeft(2),
        'I' => Plain(time, "hh"),
        'l' => Plain(time, "%h").PadLeft(2),
        'M' => Plain(time, "mm"),
        'S' => Plain(time, "ss"),
        'f' => Plain(time, "ffffff"),
        'p' => time.Hour < 12 ? "AM" : "PM",
        'P' => time.Hour < 12 ? "am" : "pm",
        'j' => time.DayOfYear.ToString("000", CultureInfo.InvariantCulture),
        'w' => ((int)time.DayOfWeek).ToString(CultureInfo.InvariantCulture),
        'u' => time.DayOfWeek == DayOfWeek.Sunday ? "7" : ((int)time.DayOfWeek).ToString(CultureInfo.InvariantCulture),
        'U' => Week(time, (int)time.DayOfWeek),
        'W' => Week(time, ((int)time.DayOfWeek + 6) % 7),
        'V' => ISOWeek.GetWeekOfYear(time.DateTime).ToString("00", CultureInfo.InvariantCulture),
        'G' => ISOWeek.GetYear(time.DateTime).ToString("0000", CultureInfo.InvariantCulture),
        'C' => (time.Year / 100).ToString("00", CultureInfo.InvariantCulture),
        's' => time.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture),
        // datetime.now() has no zone.
        'z' or 'Z' => string.Empty,
        'D' or 'x' => Plain(time, "MM/dd/yy"),
        'F' => Plain(time, "yyyy-MM-dd"),
        'T' or 'X' => Plain(time, "HH:mm:ss"),
        'R' => Plain(time, "HH:mm"),
        'r' => Plain(time, "hh:mm:ss ") + (time.Hour < 12 ? "AM" : "PM"),
        'c' => $"{Plain(time, "ddd MMM ")}{time.Day.ToString(CultureInfo.InvariantCulture).PadLeft(2)}{Plain(time, " HH:mm:ss yyyy")}",
        'n' => "\n",
        't' => "\t",
        '%' => "%",
        _ => null,
    };

    private static string Week(DateTimeOffset time, int daysSinceFirst) =>
        ((time.DayOfYear + 6 - daysSinceFirst) / 7).ToString("00", CultureInfo.InvariantCulture);

    private static string Plain(DateTimeOffset time, string format) => time.ToString(format, CultureInfo.InvariantCulture).Replace('\u00a0', ' ');
}
