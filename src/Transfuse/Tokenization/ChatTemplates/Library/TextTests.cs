using System.Globalization;
using Transfuse.Tokenization.ChatTemplates.Values;

namespace Transfuse.Tokenization.ChatTemplates.Library;

/// <summary>Python's questions about texts, such as <c>isdigit</c>: true if the text is not empty and every character is so.</summary>
internal static class TextTests
{
    /// <summary>The question of a method, or null.</summary>
    internal static Func<object>? Find(string text, string name) => name switch
    {
        "isspace" => () => text.Length > 0 && text.All(PythonSpace.IsSpace),
        "isascii" => () => text.All(char.IsAscii),
        "isalpha" => () => All(text, IsLetter),
        "isalnum" => () => All(text, point => IsLetter(point) || IsNumeric(point)),
        "isdecimal" => () => All(text, point => Category(point) == UnicodeCategory.DecimalDigitNumber),
        "isdigit" => () => All(text, IsDigit),
        "isnumeric" => () => All(text, IsNumeric),
        "isupper" => () => IsCase(text, PythonCase.ToUpper),
        "islower" => () => IsCase(text, PythonCase.ToLower),
        "istitle" => () => CodePoints.Split(text).Any(PythonCase.IsCased) && string.Equals(PythonCase.ToTitle(text), text, StringComparison.Ordinal),
        "isidentifier" => () => text.Length > 0 && !char.IsAsciiDigit(text[0]) && text.All(unit => unit == '_' || char.IsLetterOrDigit(unit)),
        "isprintable" => () => string.Equals(PythonText.Repr(text).Trim('\'', '"'), text.Trim('\'', '"'), StringComparison.Ordinal),
        _ => null,
    };

    private static bool All(string text, Func<string, bool> test) => text.Length > 0 && CodePoints.Split(text).TrueForAll(point => test(point));

    private static bool IsCase(string text, Func<string, string> map) =>
        CodePoints.Split(text).Any(PythonCase.IsCased) && string.Equals(map(text), text, StringComparison.Ordinal);

    private static bool IsLetter(string point) => Category(point) is UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter
        or UnicodeCategory.TitlecaseLetter or UnicodeCategory.ModifierLetter or UnicodeCategory.OtherLetter;

    private static bool IsDigit(string point) => CharUnicodeInfo.GetDigitValue(point, 0) >= 0;

    private static bool IsNumeric(string point) => CharUnicodeInfo.GetNumericValue(point, 0) >= 0
        || Category(point) is UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber;

    private static UnicodeCategory Category(string point) => CharUnicodeInfo.GetUnicodeCategory(point, 0);
}
