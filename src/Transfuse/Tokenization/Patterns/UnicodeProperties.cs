using System.Globalization;
using Transfuse.Tokenization.Text;

namespace Transfuse.Tokenization.Patterns;

/// <summary>What <c>\p{…}</c> names in the split patterns of tokenizer files.</summary>
internal static class UnicodeProperties
{
    private static readonly string[] CategoryNames =
    [
        "lu", "ll", "lt", "lm", "lo", "mn", "mc", "me", "nd", "nl", "no", "zs", "zl", "zp", "cc", "cf", "cs", "co", "pc", "pd", "ps", "pe", "pi",
        "pf", "po", "sm", "sc", "sk", "so", "cn",
    ];

    /// <summary>The set of a property by its name, or null if we do not know it.</summary>
    public static ScalarSet? Find(string name)
    {
        name = name.Replace("_", "", StringComparison.Ordinal).Replace(" ", "", StringComparison.Ordinal).ToLowerInvariant();
        var category = Array.IndexOf(CategoryNames, name);
        if (category >= 0)
        {
            return new(c => (int)Utf8.Category(c) == category);
        }

        if (name.Length == 1)
        {
            var mask = 0u;
            for (var i = 0; i < CategoryNames.Length; i++)
            {
                mask |= CategoryNames[i][0] == name[0] ? 1u << i : 0;
            }

            return mask == 0 ? null : new(c => ((mask >> (int)Utf8.Category(c)) & 1) != 0);
        }

        return Named(name);
    }

    private static ScalarSet? Named(string name) => name switch
    {
        "letter" => new(Scalars.IsLetter),
        "number" => new(Scalars.IsNumber),
        "mark" => new(Scalars.IsMark),
        "punctuation" or "punct" => new(Scalars.IsPunctuation),
        "space" or "whitespace" => new(Scalars.IsWhiteSpace),
        "digit" => new(c => Utf8.Category(c) == UnicodeCategory.DecimalDigitNumber),
        "alpha" or "alphabetic" => new(c => Scalars.IsLetter(c) || Utf8.Category(c) == UnicodeCategory.LetterNumber),
        "alnum" => new(c => Scalars.IsLetter(c) || Utf8.Category(c) == UnicodeCategory.DecimalDigitNumber),
        "upper" or "uppercase" => new(c => Utf8.Category(c) == UnicodeCategory.UppercaseLetter),
        "lower" or "lowercase" => new(c => Utf8.Category(c) == UnicodeCategory.LowercaseLetter),
        "word" => new(Scalars.IsWord),
        "any" => new(_ => true),
        "ascii" => new(c => c < 0x80),
        "cntrl" => new(c => Utf8.Category(c) == UnicodeCategory.Control),
        "xdigit" => new(c => c < 0x80 && char.IsAsciiHexDigit((char)c)),
        _ => UnicodeScripts.Find(name) is { } script ? new(c => UnicodeScripts.Of(c) == script) : null,
    };
}
