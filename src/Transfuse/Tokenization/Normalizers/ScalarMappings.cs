using System.Globalization;
using System.Text;
using Transfuse.Tokenization.Text;

namespace Transfuse.Tokenization.Normalizers;

/// <summary>What the character-wise normalizers do with one character: null keeps it, an empty string drops it.</summary>
internal static class ScalarMappings
{
    /// <summary>Full lower case of Unicode (U+0130 becomes two characters).</summary>
    public static string? Lowercase(int scalar)
    {
        if (scalar < 0x80)
        {
            return scalar is >= 'A' and <= 'Z' ? ((char)(scalar | 0x20)).ToString() : null;
        }

        if (scalar == 0x130)
        {
            return "i\u0307";
        }

        var lower = Rune.ToLowerInvariant(new Rune(scalar));
        return lower.Value == scalar ? null : lower.ToString();
    }

    /// <summary>Drops combining marks of class Mn.</summary>
    public static string? DropNonSpacingMark(int scalar) =>
        scalar >= 0x300 && Utf8.Category(scalar) == UnicodeCategory.NonSpacingMark ? "" : null;

    /// <summary>Drops all marks (Mn, Mc, Me).</summary>
    public static string? DropMark(int scalar) => Scalars.IsMark(scalar) ? "" : null;

    /// <summary>SentencePiece's clean-up for machine translation: drops controls, makes unusual spaces plain.</summary>
    public static string? CleanForTranslation(int scalar) => scalar switch
    {
        (>= 0x01 and <= 0x08) or 0x0B or (>= 0x0E and <= 0x1F) or 0x7F or 0x8F or 0x9F => "",
        0x09 or 0x0A or 0x0C or 0x0D or 0x1680 or (>= 0x200B and <= 0x200F) or 0x2028 or 0x2029 or 0x2581 or 0xFEFF or 0xFFFD => " ",
        _ => null,
    };
}
