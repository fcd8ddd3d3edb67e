using Transfuse.Tensors.Random;
using Transfuse.Tokenization;
using Transfuse.Tokenization.SentencePiece;
using Xunit.Abstractions;

namespace Transfuse.Tests.Tokenization.SentencePiece;

/// <summary>Merging word by word must give what merging the whole text gives.</summary>
public sealed class SentencePieceMergerTests(ITestOutputHelper output)
{
    private static readonly string[] Characters = ["▁", "▁", "a", "b", "c", ",", "é", "日", "\U0001F600", "z"];

    [Fact]
    public void Random_models_segment_as_without_cutting()
    {
        var random = new RandomStream(5, "models");
        var (words, compared) = (0, 0);
        for (var i = 0; i < 400; i++)
        {
            var model = RandomModel(random);
            var vocabulary = new SentencePieceVocabulary(model, "test");
            var merger = new SentencePieceMerger(model, vocabulary, new SentencePieceNormalizer(model, map: null, vocabulary.UserDefined));
            for (var j = 0; j < 30; j++)
            {
                var text = string.Concat(Enumerable.Range(0, 1 + random.NextInt32(40)).Select(_ => Characters[random.NextInt32(Characters.Length)]));
                var bytes = System.Text.Encoding.UTF8.GetBytes(text);
                var tokens = new TokenList();
                merger.Encode(bytes, 0, tokens);
                Assert.Equal(Naive(model, text), tokens.Spans.ToArray().Select(span => System.Text.Encoding.UTF8.GetString(bytes, span.Start, span.Length)));
                for (var start = 0; start < bytes.Length; start = vocabulary.Cuts!.EndOfWord(bytes, start))
                {
                    words++;
                }

                compared++;
            }
        }

        output.WriteLine($"{compared} texts, {words} words");
        Assert.True(words > 2 * compared);
    }

    private static SentencePieceModel RandomModel(RandomStream random)
    {
        var pieces = new List<(string Text, float Score, PieceType Type)> { ("<unk>", 0, PieceType.Unknown) };
        foreach (var character in Characters.Distinct().Where(_ => random.NextInt32(6) > 0))
        {
            pieces.Add((character, -10, PieceType.Normal));
        }

        for (var i = 0; i < 12; i++)
        {
            var text = string.Concat(Enumerable.Range(0, 2).Select(_ => random.NextInt32(2) == 0 ? Characters[random.NextInt32(9)] : pieces[random.NextInt32(pieces.Count - 1) + 1].Text));
            if (pieces.TrueForAll(piece => piece.Text != text))
            {
                // Few scores, so that many are equal.
                pieces.Add((text, -random.NextInt32(5), random.NextInt32(8) == 0 ? PieceType.UserDefined : PieceType.Normal));
            }
        }

        return new SentencePieceModel { Pieces = pieces, Algorithm = SentencePieceAlgorithm.Bpe };
    }

    /// <summary>The best of all neighbours is joined, again and again; user-defined pieces, longest first, never are.</summary>
    private static List<string> Naive(SentencePieceModel model, string text)
    {
        var scores = model.Pieces.Where(piece => piece.Type != PieceType.Unknown).ToDictionary(piece => piece.Text, piece => piece.Score, StringComparer.Ordinal);
        var symbols = Symbols([.. model.Pieces.Where(piece => piece.Type == PieceType.UserDefined).Select(piece => piece.Text)], text);
        while (true)
        {
            var (best, score) = (-1, float.NegativeInfinity);
            for (var i = 0; i + 1 < symbols.Count; i++)
            {
                if (!symbols[i].Frozen && !symbols[i + 1].Frozen && scores.TryGetValue(symbols[i].Text + symbols[i + 1].Text, out var found) && found > score)
                {
                    (best, score) = (i, found);
                }
            }

            if (best < 0)
            {
                return [.. symbols.Select(symbol => symbol.Text)];
            }

            symbols[best] = (symbols[best].Text + symbols[best + 1].Text, false);
            symbols.RemoveAt(best + 1);
        }
    }

    private static List<(string Text, bool Frozen)> Symbols(IReadOnlyList<string> userDefined, string text)
    {
        var symbols = new List<(string, bool)>();
        for (var start = 0; start < text.Length;)
        {
            var rest = text[start..];
            var frozen = userDefined.Where(piece => rest.StartsWith(piece, StringComparison.Ordinal)).MaxBy(piece => piece.Length);
            var symbol = frozen ?? rest.EnumerateRunes().First().ToString();
            symbols.Add((symbol, frozen is not null));
            start += symbol.Length;
        }

        return symbols;
    }
}
