using Transfuse.Tokenization.Text;

namespace Transfuse.Tokenization.Training;

/// <summary>Which characters of a corpus get a token.</summary>
internal static class CharacterCounts
{
    /// <summary>The most frequent characters that together cover a share of all, in order of code point; ties go to the smaller code point.</summary>
    public static List<int> Covering(CountedPieces words, double coverage)
    {
        var counts = new Dictionary<int, long>();
        for (var word = 0; word < words.Count; word++)
        {
            var text = words[word];
            for (var i = 0; i < text.Length;)
            {
                var scalar = Utf8.Decode(text, i, out var length);
                counts[scalar] = counts.GetValueOrDefault(scalar) + words.Counts[word];
                i += length;
            }
        }

        var wanted = coverage * counts.Values.Sum();
        var kept = new List<int>();
        var covered = 0L;
        foreach (var (scalar, count) in counts.OrderByDescending(entry => entry.Value).ThenBy(entry => entry.Key))
        {
            if (covered >= wanted)
            {
                break;
            }

            kept.Add(scalar);
            covered += count;
        }

        kept.Sort();
        return kept;
    }
}
