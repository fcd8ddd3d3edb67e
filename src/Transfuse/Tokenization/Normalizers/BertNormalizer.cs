using System.Globalization;
using System.Text;
using Transfuse.Tokenization.Text;

namespace Transfuse.Tokenization.Normalizers;

/// <summary>BERT's clean-up: control characters, spaces around Chinese characters, accents, case.</summary>
internal sealed class BertNormalizer : Normalizer
{
    private readonly SequenceNormalizer _sequence;

    public BertNormalizer(bool cleanText, bool handleChineseCharacters, bool stripAccents, bool lowercase)
    {
        var parts = new List<Normalizer>();
        if (cleanText)
        {
            parts.Add(new ScalarNormalizer(Clean));
        }

        if (handleChineseCharacters)
        {
            parts.Add(new ScalarNormalizer(scalar => IsChinese(scalar) ? $" {new Rune(scalar)} " : null));
        }

        if (stripAccents)
        {
            parts.Add(new UnicodeNormalizer(NormalizationForm.FormD));
            parts.Add(new ScalarNormalizer(ScalarMappings.DropNonSpacingMark));
        }

        if (lowercase)
        {
            parts.Add(new ScalarNormalizer(ScalarMappings.Lowercase));
        }

        _sequence = new SequenceNormalizer(parts);
    }

    /// <inheritdoc/>
    public override TextSlice Apply(TextSlice slice) => _sequence.Apply(slice);

    private static string? Clean(int scalar)
    {
        if (scalar is '\t' or '\n' or '\r')
        {
            return " ";
        }

        var isControl = scalar is 0 or 0xFFFD || Utf8.Category(scalar) is UnicodeCategory.Control or UnicodeCategory.Format
            or UnicodeCategory.PrivateUse;
        if (isControl)
        {
            return "";
        }

        return scalar != ' ' && Scalars.IsWhiteSpace(scalar) ? " " : null;
    }

    private static bool IsChinese(int scalar) => scalar is (>= 0x4E00 and <= 0x9FFF) or (>= 0x3400 and <= 0x4DBF) or (>= 0x20000 and <= 0x2A6DF)
        or (>= 0x2A700 and <= 0x2B73F) or (>= 0x2B740 and <= 0x2B81F) or (>= 0x2B920 and <= 0x2CEAF) or (>= 0xF900 and <= 0xFAFF)
        or (>= 0x2F800 and <= 0x2FA1F);
}
