using Transfuse.Tokenization.Patterns;
using Transfuse.Tokenization.PreTokenizers;
using Transfuse.Tokenization.Text;

namespace Transfuse.Tokenization.Json;

/// <summary>Builds pre-tokenizers from their JSON.</summary>
internal static class PreTokenizerReader
{
    private const string WordsOrSymbols = @"\w+|[^\w\s]+";

    /// <summary>Whether the last step writes characters of the byte alphabet.</summary>
    public static bool EndsWithByteLevel(JsonCursor cursor) => cursor.Required("type").String() switch
    {
        "ByteLevel" => true,
        "Sequence" => cursor.Required("pretokenizers").Items().ToList() is { Count: > 0 } parts && EndsWithByteLevel(parts[^1]),
        _ => false,
    };

    /// <summary>The pre-tokenizer described here.</summary>
    /// <param name="cursor">Its place.</param>
    /// <param name="modelReadsBytes">Whether a final ByteLevel leaves bytes as they are.</param>
    /// <exception cref="Errors.TokenizerException">Unknown type or broken description.</exception>
    public static PreTokenizer Read(JsonCursor cursor, bool modelReadsBytes) => cursor.Required("type").String() switch
    {
        "Sequence" => ReadSequence(cursor, modelReadsBytes),
        "ByteLevel" => new ByteLevelPreTokenizer(
            cursor.Boolean("add_prefix_space", true), cursor.Boolean("use_regex", true), mapBytes: !modelReadsBytes),
        "Split" => new SplitPreTokenizer(
            PatternReader.Read(cursor.Required("pattern")), ReadBehavior(cursor.Required("behavior")), cursor.Boolean("invert", false)),
        "Digits" => new SplitPreTokenizer(
            new ScalarPattern(Scalars.IsNumber, runs: !cursor.Boolean("individual_digits", false)), SplitBehavior.Isolated, invert: false),
        "Punctuation" => new SplitPreTokenizer(
            new ScalarPattern(Scalars.IsBertPunctuation, runs: false),
            cursor.Optional("behavior") is { } behavior ? ReadBehavior(behavior) : SplitBehavior.Isolated,
            invert: false),
        "Whitespace" => new SplitPreTokenizer(RegexPattern.Compile(WordsOrSymbols), SplitBehavior.Removed, invert: true),
        "WhitespaceSplit" => WhitespaceSplit(),
        "BertPreTokenizer" => new SequencePreTokenizer(
            [WhitespaceSplit(), new SplitPreTokenizer(new ScalarPattern(Scalars.IsBertPunctuation, runs: false), SplitBehavior.Isolated, invert: false)]),
        "CharDelimiterSplit" => new SplitPreTokenizer(
            new LiteralPattern(Utf8.Bytes(cursor.Required("delimiter").String())), SplitBehavior.Removed, invert: false),
        "Metaspace" => ReadMetaspace(cursor),
        "UnicodeScripts" => new ScriptPreTokenizer(),
        "FixedLength" => new FixedLengthPreTokenizer(cursor.Optional("length")?.Integer(1, 1 << 20) ?? 5),
        var type => throw cursor.Error($"is of type '{type}', which is not supported."),
    };

    /// <summary>The prefix scheme of a Metaspace, in its new form or the old <c>add_prefix_space</c>.</summary>
    public static PrependScheme ReadScheme(JsonCursor cursor)
    {
        if (cursor.Optional("prepend_scheme") is not { } scheme)
        {
            return cursor.Boolean("add_prefix_space", true) ? PrependScheme.Always : PrependScheme.Never;
        }

        return scheme.String() switch
        {
            "first" => PrependScheme.First,
            "never" => PrependScheme.Never,
            "always" => PrependScheme.Always,
            var other => throw scheme.Error($"is '{other}', expected first, never or always."),
        };
    }

    private static SequencePreTokenizer ReadSequence(JsonCursor cursor, bool modelReadsBytes)
    {
        var parts = cursor.Required("pretokenizers").Items().ToList();
        return new SequencePreTokenizer([.. parts.Select((part, index) => Read(part, modelReadsBytes && index == parts.Count - 1))]);
    }

    private static SplitPreTokenizer WhitespaceSplit() => new(new ScalarPattern(Scalars.IsWhiteSpace, runs: false), SplitBehavior.Removed, invert: false);

    private static MetaspacePreTokenizer ReadMetaspace(JsonCursor cursor) => new(
        cursor.String("replacement") ?? "▁", ReadScheme(cursor), cursor.Boolean("split", true));

    private static SplitBehavior ReadBehavior(JsonCursor cursor) => cursor.String() switch
    {
        "Removed" => SplitBehavior.Removed,
        "Isolated" => SplitBehavior.Isolated,
        "MergedWithPrevious" => SplitBehavior.MergedWithPrevious,
        "MergedWithNext" => SplitBehavior.MergedWithNext,
        "Contiguous" => SplitBehavior.Contiguous,
        var other => throw cursor.Error($"is '{other}', expected Removed, Isolated, MergedWithPrevious, MergedWithNext or Contiguous."),
    };
}
