using System.Globalization;
using Transfuse.Tensors.Random;
using Transfuse.Tests.Shared;
using Transfuse.Tokenization;
using Transfuse.Tokenization.Bpe;
using Transfuse.Tokenization.SentencePiece;
using Xunit.Abstractions;

namespace Transfuse.Tests.Tokenization.Bpe;

/// <summary>Cutting a piece into words must not change one token, and must not be done where it could.</summary>
public sealed class BpeCutsTests(ITestOutputHelper output)
{
    // The last four are in no random vocabulary.
    private static readonly string[] Characters = ["▁", "▁", "a", "b", "c", ",", "é", "日", "\U0001F600", "z", "ß", "本", "\U0001F601"];
    private static readonly string[] Known = Characters[1..9];
    private static readonly string[] Bytes = [.. Enumerable.Range(0, 256).Select(value => $"<0x{value.ToString("X2", CultureInfo.InvariantCulture)}>")];

    [Fact]
    public void Random_vocabularies_encode_as_without_cutting()
    {
        var random = new RandomStream(7, "vocabularies");
        var (cutting, cuts, compared) = (0, 0, 0);
        for (var i = 0; i < 600; i++)
        {
            var definition = RandomDefinition(random);
            var model = new BpeModel(definition, readsBytes: false, "test");
            cutting += model.Cuts is null ? 0 : 1;
            for (var j = 0; j < 40; j++)
            {
                var text = RandomText(random, 1 + random.NextInt32(40));
                Assert.Equal(NaiveBpe.Encode(definition, text), Encode(model, text));
                cuts += model.Cuts is { } places ? CountWords(places, text) - 1 : 0;
                compared++;
            }
        }

        output.WriteLine($"{compared} texts, {cutting} of 600 vocabularies cut, {cuts} cuts");
        Assert.InRange(cutting, 100, 500);
        Assert.True(cuts > 1000);
    }

    public static TheoryData<string, BpeDefinition, string> NotCut => new()
    {
        { "an unknown character vanishes and its neighbours meet", Definition(["a", "b", "ab"], [("a", "b")]), "azb" },
        { "unknown characters fuse", Definition(["a", "?"], []) with { UnknownToken = "?", FuseUnknown = true }, "azßa" },
        { "a known character is the unknown token and fuses", Definition(["a", "?"], []) with { UnknownToken = "?", FuseUnknown = true }, "a?za" },
        { "the unknown token merges", Definition(["a", "?", "?a"], [("?", "a")]) with { UnknownToken = "?" }, "aza" },
        { "spelled bytes merge", Definition([.. Bytes, "a", "<0xC3><0x9F>"], [("<0xC3>", "<0x9F>")]) with { ByteFallback = true }, "aßa" },
        { "spelled bytes merge with a character", Definition([.. Bytes, "a", "a<0xC3>"], [("a", "<0xC3>")]) with { ByteFallback = true }, "aßa" },
        { "bytes are missing, unknown characters fuse", Definition([.. Bytes[..200], "a", "?"], []) with { ByteFallback = true, UnknownToken = "?", FuseUnknown = true }, "aßzßa" },
        { "the piece as a whole is a token", Definition(["a", ",", "a,"], []) with { IgnoreMerges = true }, "a," },
    };

    [Theory]
    [MemberData(nameof(NotCut))]
    public void Models_in_which_something_reaches_across_are_not_cut(string reason, BpeDefinition definition, string text)
    {
        var model = new BpeModel(definition, readsBytes: false, reason);
        Assert.Null(model.Cuts);
        Assert.Equal(NaiveBpe.Encode(definition, text), Encode(model, text));
    }

    [Theory]
    [InlineData("##", null)]
    [InlineData(null, "</w>")]
    public void Symbols_that_depend_on_their_place_are_not_cut(string? prefix, string? suffix)
    {
        var definition = Definition(["a"], []) with { UnknownToken = "a", ContinuingSubwordPrefix = prefix, EndOfWordSuffix = suffix };
        Assert.Null(new BpeModel(definition, readsBytes: false, "test").Cuts);
    }

    [Fact]
    public void A_token_across_two_words_forbids_the_cut_between_them()
    {
        string[] vocabulary = [.. Bytes, "▁", "a", "b", "▁b", "a▁b"];
        var separate = Definition(vocabulary, [("▁", "b")]) with { ByteFallback = true };
        var across = separate with { Merges = [("▁", "b"), ("a", "▁b")] };
        foreach (var (definition, words) in new[] { (separate, 2), (across, 1) })
        {
            var model = new BpeModel(definition, readsBytes: false, "test");
            Assert.Equal(words, CountWords(model.Cuts!, "a▁b"));
            Assert.Equal(NaiveBpe.Encode(definition, "a▁b"), Encode(model, "a▁b"));
        }
    }

    [Fact]
    public void Words_longer_or_more_than_what_is_remembered_come_out_the_same()
    {
        var definition = Definition([.. Bytes, "▁", "a", "b", "ab", "aba", "abab"], [("a", "b"), ("ab", "ab"), ("ab", "a")]) with { ByteFallback = true };
        var worker = new BpeModel(definition, readsBytes: false, "test").CreateWorker();
        var random = new RandomStream(11, "words");
        for (var i = 0; i < 3000; i++)
        {
            // 40 texts of some 100 words each fill what is remembered; a few words are longer than 64 bytes.
            var text = string.Concat(Enumerable.Range(0, 20).Select(_ => "▁" + string.Concat(Enumerable.Range(0, random.NextInt32(90)).Select(_ => "abz"[random.NextInt32(3)]))));
            var tokens = new TokenList();
            worker.Encode(System.Text.Encoding.UTF8.GetBytes(text), 0, tokens);
            if (i % 100 == 0)
            {
                Assert.Equal(NaiveBpe.Encode(definition, text), tokens.Ids.ToArray());
            }
        }
    }

    [Trait("Category", "Reference")]
    [GoldenTheory("tokenizers")]
    [MemberData(nameof(RealModels))]
    public void Real_vocabularies_are_cut_and_encode_as_without_cutting(string file)
    {
        var path = Path.Combine(Golden.Data, file);
        var definition = SentencePieceConverter.Convert(SentencePieceReader.Read(File.ReadAllBytes(path), path), "first", mergesByScore: true, addBos: false, addEos: false, path);
        var bpe = (BpeDefinition)definition.Model;
        var model = new BpeModel(bpe, readsBytes: false, path);
        Assert.NotNull(model.Cuts);
        var texts = GoldenTexts.Texts().Values.Where(text => text.Length is > 0 and < 400).Select(text => text.Replace(' ', '▁')).ToList();
        var words = texts.Sum(text => CountWords(model.Cuts, text));
        foreach (var text in texts)
        {
            Assert.Equal(NaiveBpe.Encode(bpe, text), Encode(model, text));
        }

        output.WriteLine($"{texts.Count} texts, {texts.Sum(text => text.Length)} characters, {words} words");
        Assert.True(words > 2 * texts.Count);
    }

    public static TheoryData<string> RealModels
    {
        get
        {
            var data = new TheoryData<string>();
            var folder = Path.Combine(Golden.Data, "tokenizers");
            string[] files = Directory.Exists(folder) ? Directory.GetFiles(folder, "*.model", SearchOption.AllDirectories) : [];
            foreach (var file in files.Order(StringComparer.Ordinal))
            {
                var model = SentencePieceReader.Read(File.ReadAllBytes(file), file);
                if (model is { Algorithm: SentencePieceAlgorithm.Bpe, ByteFallback: true })
                {
                    data.Add(Path.GetRelativePath(Golden.Data, file));
                }
            }

            return data;
        }
    }

    private static BpeDefinition RandomDefinition(RandomStream random)
    {
        List<string> vocabulary = [.. Known.Where(_ => random.NextInt32(8) > 0), "<unk>"];
        var spells = random.NextInt32(2) == 0;
        if (spells)
        {
            vocabulary.AddRange(Bytes.Where(_ => random.NextInt32(2000) > 0));
        }

        var merges = new List<(string, string)>();
        var parts = vocabulary.Where(token => !token.StartsWith('<')).ToList();
        for (var i = 0; i < 12 && parts.Count > 0; i++)
        {
            // Now and then a merge of what stands for unknown characters.
            var all = random.NextInt32(60) == 0 ? vocabulary : parts;
            var (left, right) = (all[random.NextInt32(all.Count)], all[random.NextInt32(all.Count)]);
            merges.Add((left, right));
            if (!vocabulary.Contains(left + right))
            {
                vocabulary.Add(left + right);
                parts.Add(left + right);
            }
        }

        return Definition(vocabulary, merges) with
        {
            ByteFallback = spells,
            FuseUnknown = random.NextInt32(2) == 0,
            IgnoreMerges = random.NextInt32(5) == 0,
            UnknownToken = random.NextInt32(4) switch { 0 => null, 1 => vocabulary[0], _ => "<unk>" },
        };
    }

    private static BpeDefinition Definition(IEnumerable<string> vocabulary, IReadOnlyList<(string, string)> merges) => new()
    {
        Vocabulary = vocabulary.Select((token, id) => (token, id)).ToDictionary(entry => entry.token, entry => entry.id, StringComparer.Ordinal),
        Merges = merges,
    };

    private static string RandomText(RandomStream random, int length) =>
        string.Concat(Enumerable.Range(0, length).Select(_ => Characters[random.NextInt32(Characters.Length)]));

    private static int CountWords(Transfuse.Tokenization.Text.SafeCuts cuts, string text)
    {
        var bytes = System.Text.Encoding.UTF8.GetBytes(text);
        var words = 0;
        for (var start = 0; start < bytes.Length; start = cuts.EndOfWord(bytes, start))
        {
            words++;
        }

        return words;
    }

    private static int[] Encode(BpeModel model, string text)
    {
        var tokens = new TokenList();
        model.CreateWorker().Encode(System.Text.Encoding.UTF8.GetBytes(text), 0, tokens);
        return tokens.Ids.ToArray();
    }
}
