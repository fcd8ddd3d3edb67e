using Transfuse.Tokenization.Text;

namespace Transfuse.Tokenization.Training;

/// <summary>The substrings that a unigram model begins with.</summary>
internal static class UnigramSeeds
{
    private const int MostSubstrings = 1 << 22;

    /// <summary>
    /// All required characters and the substrings of words with the highest frequency × length; each with the logarithm of its share.
    /// </summary>
    public static List<(string Piece, double Score)> Find(CountedPieces words, HashSet<string> required, SentencePieceTrainerOptions options)
    {
        var (table, counts) = CountSubstrings(words, options);
        var seeds = new List<(string Piece, double Weight)>();
        for (var i = 0; i < table.Count; i++)
        {
            var text = Utf8.String(table.Key(i));
            var length = Utf8.CountScalars(table.Key(i));
            var isCharacter = length == 1;
            if (isCharacter ? required.Contains(text) : counts[i] >= options.MinFrequency && IsSpelledBy(text, required))
            {
                seeds.Add((text, (double)counts[i] * length));
            }
        }

        List<(string Piece, double Weight)> kept =
        [
            .. seeds.Where(seed => required.Contains(seed.Piece)),
            .. seeds.Where(seed => !required.Contains(seed.Piece))
                .OrderByDescending(seed => seed.Weight).ThenBy(seed => seed.Piece, StringComparer.Ordinal).Take(options.SeedSize),
        ];
        var logTotal = Math.Log(kept.Sum(seed => seed.Weight));
        return [.. kept.Select(seed => (seed.Piece, Math.Log(seed.Weight) - logTotal))];
    }

    private static (BytesTable Table, List<long> Counts) CountSubstrings(CountedPieces words, SentencePieceTrainerOptions options)
    {
        var table = new BytesTable(1 << 16);
        var counts = new List<long>();
        for (var word = 0; word < words.Count; word++)
        {
            var text = words[word];
            for (var start = 0; start < text.Length; start += Utf8.LengthOf(text[start]))
            {
                var end = start;
                for (var length = 0; length < options.MaximumPieceLength && end < text.Length; length++)
                {
                    end += Utf8.LengthOf(text[end]);
                    Add(table, counts, text[start..end], words.Counts[word]);
                }
            }

            if (table.Count > MostSubstrings)
            {
                (table, counts) = DropRare(table, counts);
            }
        }

        return (table, counts);
    }

    private static void Add(BytesTable table, List<long> counts, ReadOnlySpan<byte> text, long count)
    {
        var index = table.GetOrAdd(text);
        if (index == counts.Count)
        {
            counts.Add(0);
        }

        counts[index] += count;
    }

    /// <summary>Halves the table by its counts; characters stay.</summary>
    private static (BytesTable Table, List<long> Counts) DropRare(BytesTable table, List<long> counts)
    {
        var median = counts.Order().ElementAt(counts.Count / 2);
        var (smaller, smallerCounts) = (new BytesTable(table.Count / 2), new List<long>());
        for (var i = 0; i < table.Count; i++)
        {
            var key = table.Key(i);
            if (counts[i] > median || key.Length == Utf8.LengthOf(key[0]))
            {
                Add(smaller, smallerCounts, key, counts[i]);
            }
        }

        return (smaller, smallerCounts);
    }

    private static bool IsSpelledBy(string text, HashSet<string> characters)
    {
        foreach (var rune in text.EnumerateRunes())
        {
            if (!characters.Contains(rune.ToString()))
            {
                return false;
            }
        }

        return true;
    }
}
