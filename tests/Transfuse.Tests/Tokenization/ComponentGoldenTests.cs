using System.Text.Json;
using Transfuse.Tests.Shared;
using Transfuse.Tokenization.Json;
using Transfuse.Tokenization.PreTokenizers;
using Transfuse.Tokenization.Text;
using Xunit.Abstractions;

namespace Transfuse.Tests.Tokenization;

[Trait("Category", "Reference")]
public sealed class ComponentGoldenTests(ITestOutputHelper output)
{
    [GoldenFact(GoldenTexts.Area)]
    public void Normalizers_agree_with_the_original()
    {
        var texts = GoldenTexts.Texts();
        Run("normalizers.json", "normalizer", (comparison, entry, name) =>
        {
            var normalizer = NormalizerReader.Read(new JsonCursor(name, "normalizer", WithCharacterMap(entry.GetProperty("normalizer"))));
            foreach (var result in entry.GetProperty("results").EnumerateArray())
            {
                var text = result.GetProperty("t").GetString()!;
                comparison.Check("changed texts", $"{name}/{text}", result.GetProperty("out").GetString()!, normalizer.Apply(texts[text]));
            }

            foreach (var text in entry.GetProperty("texts_unchanged").EnumerateArray())
            {
                comparison.Check("unchanged texts", $"{name}/{text}", texts[text.GetString()!], normalizer.Apply(texts[text.GetString()!]));
            }
        });
    }

    [GoldenFact(GoldenTexts.Area)]
    public void Pre_tokenizers_agree_with_the_original()
    {
        var texts = GoldenTexts.Texts();
        Run("pre_tokenizers.json", "pre_tokenizer", (comparison, entry, name) =>
        {
            var preTokenizer = PreTokenizerReader.Read(new JsonCursor(name, "pre_tokenizer", entry.GetProperty("pre_tokenizer")), modelReadsBytes: false);
            foreach (var result in entry.GetProperty("results").EnumerateArray())
            {
                var where = $"{name}/{result.GetProperty("t")}";
                var text = texts[result.GetProperty("t").GetString()!];
                var pieces = new PieceList();
                pieces.Reset(new AlignedText(Utf8.Bytes(text)).All);
                preTokenizer.Apply(pieces);
                comparison.Check(
                    "pieces",
                    where,
                    string.Join('\u0001', result.GetProperty("pieces").EnumerateArray().Select(piece => piece.GetString())),
                    string.Join('\u0001', pieces.Pieces.Select(piece => Utf8.String(pieces.Text.Bytes.AsSpan(piece.Start, piece.End - piece.Start)))));
                if (result.TryGetProperty("off", out var offsets))
                {
                    var spans = pieces.Pieces.Select(piece => pieces.Text.Origin(piece.Start, piece.End)).SelectMany(span => (int[])[span.Start, span.End]);
                    comparison.Check(
                        "offsets",
                        where,
                        string.Join(',', offsets.EnumerateArray().Select(offset => offset.GetInt32())),
                        string.Join(',', GoldenTexts.ToCharacters(Utf8.Bytes(text), [.. spans])));
                }
            }
        });
    }

    [GoldenFact(GoldenTexts.Area)]
    public void Decoders_agree_with_the_original() => Run("decoders.json", "decoder", (comparison, entry, name) =>
    {
        var json = entry.GetProperty("decoder");
        var decoder = json.ValueKind == JsonValueKind.Null ? null : DecoderReader.Read(new JsonCursor(name, "decoder", json));
        foreach (var result in entry.GetProperty("results").EnumerateArray())
        {
            List<string> tokens = [.. result.GetProperty("tokens").EnumerateArray().Select(token => token.GetString()!)];
            var text = decoder is null ? string.Join(' ', tokens) : string.Concat(decoder.Decode([.. tokens]));
            if (result.TryGetProperty("panics_in_the_original", out _))
            {
                continue;
            }

            comparison.Check("token lists", $"{name}/{string.Join('|', tokens)}", result.GetProperty("out").GetString()!, text);
        }
    });

    /// <summary>A character map may be given by the name of the case that has it.</summary>
    private static JsonElement WithCharacterMap(JsonElement normalizer)
    {
        if (!normalizer.TryGetProperty("precompiled_charsmap", out var map) || map.GetString() is not { } text || !text.StartsWith("(that of ", StringComparison.Ordinal))
        {
            return normalizer;
        }

        using var source = GoldenTexts.Read(text["(that of ".Length..^1].Split('/'));
        return source.RootElement.GetProperty("normalizer").Clone();
    }

    private void Run(string file, string key, Action<GoldenComparison, JsonElement, string> compare)
    {
        using var golden = GoldenTexts.Read("components", file);
        var comparison = new GoldenComparison(file);
        var number = 0;
        foreach (var entry in golden.RootElement.GetProperty("cases").EnumerateArray())
        {
            var json = entry.GetProperty(key).GetRawText();
            compare(comparison, entry, $"#{number++} {(json.Length > 120 ? json[..120] : json)}");
        }

        output.WriteLine(comparison.Report());
        Assert.True(comparison.Failures.Count == 0, comparison.Report());
        Assert.True(comparison.Compared > 0, $"{file}: nothing was compared");
    }
}
