using System.Globalization;
using System.Text;

namespace Transfuse.Tokenization.Text;

/// <summary>Classes of Unicode scalars as the field's regular expressions see them.</summary>
internal static class Scalars
{
    /// <summary>One past the largest code point.</summary>
    public const int Limit = 0x110000;

    private const uint LetterMask = (1u << (int)UnicodeCategory.UppercaseLetter) | (1u << (int)UnicodeCategory.LowercaseLetter)
        | (1u << (int)UnicodeCategory.TitlecaseLetter) | (1u << (int)UnicodeCategory.ModifierLetter) | (1u << (int)UnicodeCategory.OtherLetter);

    private const uint MarkMask = (1u << (int)UnicodeCategory.NonSpacingMark) | (1u << (int)UnicodeCategory.SpacingCombiningMark)
        | (1u << (int)UnicodeCategory.EnclosingMark);

    private const uint NumberMask = (1u << (int)UnicodeCategory.DecimalDigitNumber) | (1u << (int)UnicodeCategory.LetterNumber)
        | (1u << (int)UnicodeCategory.OtherNumber);

    private const uint PunctuationMask = (1u << (int)UnicodeCategory.ConnectorPunctuation) | (1u << (int)UnicodeCategory.DashPunctuation)
        | (1u << (int)UnicodeCategory.OpenPunctuation) | (1u << (int)UnicodeCategory.ClosePunctuation)
        | (1u << (int)UnicodeCategory.InitialQuotePunctuation) | (1u << (int)UnicodeCategory.FinalQuotePunctuation)
        | (1u << (int)UnicodeCategory.OtherPunctuation);

    private const uint WordMask = LetterMask | MarkMask | (1u << (int)UnicodeCategory.DecimalDigitNumber)
        | (1u << (int)UnicodeCategory.LetterNumber) | (1u << (int)UnicodeCategory.ConnectorPunctuation);

    /// <summary><c>\p{L}</c>.</summary>
    public static bool IsLetter(int scalar) => scalar < 0x80
        ? (uint)((scalar | 0x20) - 'a') < 26
        : IsIn(scalar, LetterMask);

    /// <summary><c>\p{N}</c>.</summary>
    public static bool IsNumber(int scalar) => scalar < 0x80 ? (uint)(scalar - '0') < 10 : IsIn(scalar, NumberMask);

    /// <summary><c>\p{M}</c>.</summary>
    public static bool IsMark(int scalar) => scalar >= 0x300 && IsIn(scalar, MarkMask);

    /// <summary><c>\p{P}</c>.</summary>
    public static bool IsPunctuation(int scalar) => IsIn(scalar, PunctuationMask);

    /// <summary>Unicode White_Space, which is <c>\s</c>.</summary>
    public static bool IsWhiteSpace(int scalar) => scalar <= 0x3000 && char.IsWhiteSpace((char)scalar);

    /// <summary><c>\w</c> of Unicode Technical Standard 18: alphabetic, marks, decimal digits, connectors, joiners.</summary>
    public static bool IsWord(int scalar) => IsIn(scalar, WordMask)
        || scalar is 0x200C or 0x200D or (>= 0x24B6 and <= 0x24E9) or (>= 0x1F130 and <= 0x1F149) or (>= 0x1F150 and <= 0x1F169)
            or (>= 0x1F170 and <= 0x1F189);

    /// <summary>Punctuation as BERT sees it: ASCII symbols and <c>\p{P}</c>.</summary>
    public static bool IsBertPunctuation(int scalar) => scalar < 0x80
        ? scalar is (>= 33 and <= 47) or (>= 58 and <= 64) or (>= 91 and <= 96) or (>= 123 and <= 126)
        : IsPunctuation(scalar);

    /// <summary>Simple case folding, good enough to compare two scalars regardless of case (U+017F is an s, U+212A a k).</summary>
    public static int Fold(int scalar)
    {
        if (scalar < 0x80)
        {
            return scalar is >= 'A' and <= 'Z' ? scalar | 0x20 : scalar;
        }

        // .NET's invariant casing leaves the long s alone.
        return scalar == 0x17F ? 's' : Rune.ToLowerInvariant(Rune.ToUpperInvariant(new Rune(scalar))).Value;
    }

    private static bool IsIn(int scalar, uint mask) => ((mask >> (int)Utf8.Category(scalar)) & 1) != 0;
}
