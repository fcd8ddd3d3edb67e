using Transfuse.Errors;

namespace Transfuse.Tokenization.Json;

/// <summary>
/// Reads what a post-processor puts around a text: a list of special ids in which null stands for the text's own tokens. (What
/// post-processors do to offsets does not concern us: our spans are exact bytes.)
/// </summary>
internal static class PostProcessorReader
{
    private const int MaximumItems = 1000;

    /// <summary>The list for a single text.</summary>
    /// <exception cref="TokenizerException">Unknown type or broken description.</exception>
    public static IReadOnlyList<int?> Read(JsonCursor cursor) => cursor.Required("type").String() switch
    {
        "ByteLevel" => [null],
        "TemplateProcessing" => ReadTemplate(cursor),
        "BertProcessing" or "RobertaProcessing" => [ReadPair(cursor.Required("cls")), null, ReadPair(cursor.Required("sep"))],
        "Sequence" => ReadSequence(cursor),
        var type => throw cursor.Error($"is of type '{type}', which is not supported."),
    };

    private static List<int?> ReadSequence(JsonCursor cursor)
    {
        List<int?> items = [null];
        foreach (var processor in cursor.Required("processors").Items())
        {
            var outer = Read(processor);
            items = [.. outer.SelectMany(item => item is null ? items : [item])];
            if (items.Count > MaximumItems)
            {
                throw cursor.Error($"adds more than {MaximumItems} tokens to a text.");
            }
        }

        return items;
    }

    private static List<int?> ReadTemplate(JsonCursor cursor)
    {
        var items = new List<int?>();
        foreach (var part in cursor.Required("single").Items())
        {
            if (part.Optional("Sequence") is { } sequence)
            {
                var name = sequence.Required("id").String();
                items.Add(string.Equals(name, "A", StringComparison.Ordinal) ? null : throw sequence.Error($"is '{name}', but a single text is 'A'."));
            }
            else
            {
                AddSpecial(cursor, part.Required("SpecialToken").Required("id"), items);
            }

            if (items.Count > MaximumItems)
            {
                throw cursor.Error($"adds more than {MaximumItems} tokens to a text.");
            }
        }

        return items;
    }

    private static void AddSpecial(JsonCursor cursor, JsonCursor name, List<int?> items)
    {
        var special = cursor.Required("special_tokens").Optional(name.String())
            ?? throw name.Error($"names '{name.String()}', which is not among the template's special_tokens.");
        foreach (var id in special.Required("ids").Items())
        {
            items.Add(id.Integer(0, TokenizerJsonReader.MaximumId));
        }
    }

    private static int ReadPair(JsonCursor cursor)
    {
        var items = cursor.Items().ToList();
        return items.Count == 2 ? items[1].Integer(0, TokenizerJsonReader.MaximumId) : throw cursor.Error("is not a pair of token and id.");
    }
}
