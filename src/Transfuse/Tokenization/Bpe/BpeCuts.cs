using System.Text;
using Transfuse.Tokenization.Text;

namespace Transfuse.Tokenization.Bpe;

/// <summary>Decides whether a BPE model's pieces may be cut into words before they are merged, and where.</summary>
internal static class BpeCuts
{
    /// <summary>
    /// The places at which no merge joins the characters on both sides; null if the model is one in which something else reaches across them: a symbol
    /// that depends on its place in the piece, a token for the piece as a whole, an unknown character that vanishes, fuses with its neighbour, or merges.
    /// </summary>
    public static SafeCuts? Find(BpeModel model)
    {
        var definition = model.Definition;
        var isPlain = !model.ReadsBytes && !definition.IgnoreMerges
            && definition is { ContinuingSubwordPrefix: null or "", EndOfWordSuffix: null or "" }
            && definition.Vocabulary.Values.Distinct().Count() == definition.Vocabulary.Count;
        var spellsAll = definition.ByteFallback && Array.IndexOf(model.FallbackIds, BpeModel.NoToken) < 0;
        var unknownStandsAlone = spellsAll || (model.UnknownId >= 0 && !definition.FuseUnknown);
        if (!isPlain || !unknownStandsAlone)
        {
            return null;
        }

        // Unknown characters appear as these tokens, whose strings are not the text's.
        var strangers = model.FallbackIds.Where(_ => definition.ByteFallback).Append(model.UnknownId).Where(id => id >= 0).ToHashSet();
        var joined = new HashSet<(int, int)>();
        foreach (var (left, right) in definition.Merges)
        {
            if (strangers.Contains(definition.Vocabulary[left]) || strangers.Contains(definition.Vocabulary[right]))
            {
                return null;
            }

            if (left.Length > 0 && right.Length > 0)
            {
                joined.Add((Last(left), First(right)));
            }
        }

        return new SafeCuts(joined);
    }

    private static int Last(string text)
    {
        Rune.DecodeLastFromUtf16(text, out var rune, out _);
        return rune.Value;
    }

    private static int First(string text)
    {
        Rune.DecodeFromUtf16(text, out var rune, out _);
        return rune.Value;
    }
}
