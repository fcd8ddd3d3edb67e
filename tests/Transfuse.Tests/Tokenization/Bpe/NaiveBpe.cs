using System.Globalization;
using Transfuse.Tokenization.Bpe;

namespace Transfuse.Tests.Tokenization.Bpe;

/// <summary>Byte-pair encoding of one whole piece by the book: strings in a list, the merge of the lowest rank first, leftmost of equals.</summary>
internal static class NaiveBpe
{
    internal static List<int> Encode(BpeDefinition definition, string piece)
    {
        if (definition.IgnoreMerges && definition.Vocabulary.TryGetValue(piece, out var whole))
        {
            return [whole];
        }

        var ranks = Ranks(definition);
        var symbols = Symbols(definition, piece);
        while (true)
        {
            var best = -1;
            for (var i = 0; i + 1 < symbols.Count; i++)
            {
                if (ranks.TryGetValue((symbols[i], symbols[i + 1]), out var rank) && (best < 0 || rank < ranks[(symbols[best], symbols[best + 1])]))
                {
                    best = i;
                }
            }

            if (best < 0)
            {
                return [.. symbols.Select(symbol => definition.Vocabulary[symbol])];
            }

            symbols[best] += symbols[best + 1];
            symbols.RemoveAt(best + 1);
        }
    }

    private static Dictionary<(string, string), int> Ranks(BpeDefinition definition)
    {
        var ranks = new Dictionary<(string, string), int>();
        for (var rank = 0; rank < definition.Merges.Count; rank++)
        {
            ranks[definition.Merges[rank]] = rank;
        }

        return ranks;
    }

    private static List<string> Symbols(BpeDefinition definition, string piece)
    {
        var symbols = new List<string>();
        var lastIsUnknown = false;
        foreach (var rune in piece.EnumerateRunes())
        {
            var symbol = rune.ToString();
            var bytes = System.Text.Encoding.UTF8.GetBytes(symbol).Select(value => $"<0x{value.ToString("X2", CultureInfo.InvariantCulture)}>").ToList();
            var isUnknown = !definition.Vocabulary.ContainsKey(symbol);
            if (!isUnknown)
            {
                symbols.Add(symbol);
            }
            else if (definition.ByteFallback && bytes.TrueForAll(definition.Vocabulary.ContainsKey))
            {
                symbols.AddRange(bytes);
                isUnknown = false;
            }
            else if (definition.UnknownToken is { } unknown && !(definition.FuseUnknown && lastIsUnknown))
            {
                symbols.Add(unknown);
            }

            lastIsUnknown = isUnknown;
        }

        return symbols;
    }
}
