using System.Text;
using Transfuse.Tokenization.Normalizers;

namespace Transfuse.Tokenization.Json;

/// <summary>Builds normalizers from their JSON.</summary>
internal static class NormalizerReader
{
    /// <summary>The normalizer described here.</summary>
    /// <exception cref="Errors.TokenizerException">Unknown type or broken description.</exception>
    public static Normalizer Read(JsonCursor cursor) => cursor.Required("type").String() switch
    {
        "Sequence" => new SequenceNormalizer([.. cursor.Required("normalizers").Items().Select(Read)]),
        "NFC" => new UnicodeNormalizer(NormalizationForm.FormC),
        "NFD" => new UnicodeNormalizer(NormalizationForm.FormD),
        "NFKC" => new UnicodeNormalizer(NormalizationForm.FormKC),
        "NFKD" => new UnicodeNormalizer(NormalizationForm.FormKD),
        "Lowercase" => new ScalarNormalizer(ScalarMappings.Lowercase),
        "StripAccents" => new ScalarNormalizer(ScalarMappings.DropMark),
        "Nmt" => new ScalarNormalizer(ScalarMappings.CleanForTranslation),
        "Strip" => new StripNormalizer(cursor.Boolean("strip_left", true), cursor.Boolean("strip_right", true)),
        "Prepend" => new PrependNormalizer(cursor.Required("prepend").String()),
        "Replace" => new ReplaceNormalizer(PatternReader.Read(cursor.Required("pattern")), cursor.Required("content").String()),
        "ByteLevel" => new ByteLevelNormalizer(),
        "Precompiled" => new PrecompiledNormalizer(CharacterMapReader.Read(cursor.Required("precompiled_charsmap"))),
        "BertNormalizer" => ReadBert(cursor),
        var type => throw cursor.Error($"is of type '{type}', which is not supported."),
    };

    private static BertNormalizer ReadBert(JsonCursor cursor)
    {
        var lowercase = cursor.Boolean("lowercase", true);
        return new BertNormalizer(
            cursor.Boolean("clean_text", true),
            cursor.Boolean("handle_chinese_chars", true),
            cursor.Boolean("strip_accents", lowercase),
            lowercase);
    }
}
