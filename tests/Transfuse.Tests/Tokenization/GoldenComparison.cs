using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using Transfuse.Tokenization;
using Transfuse.Tokenization.SentencePiece;

namespace Transfuse.Tests.Tokenization;

/// <summary>Compares a tokenizer with one file of results, counting what was compared by kind and keeping the first differences.</summary>
internal sealed class GoldenComparison(string name)
{
    private readonly SortedDictionary<string, int> _counts = new(StringComparer.Ordinal);

    internal List<string> Failures { get; } = [];

    internal int Compared => _counts.Values.Sum();

    internal string Report() =>
        $"{name}: compared {string.Join(", ", _counts.Select(pair => $"{pair.Value} {pair.Key}"))}; {Failures.Count} differ"
        + string.Concat(Failures.Take(12).Select(failure => Environment.NewLine + "  " + failure));

    internal void RunTexts(JsonElement golden, IReadOnlyDictionary<string, string> texts, Tokenizer tokenizer, IReferenceOffsets offsets)
    {
        foreach (var extra in golden.TryGetProperty("extra_texts", out var list) ? list.EnumerateArray() : default)
        {
            texts = new Dictionary<string, string>(texts, StringComparer.Ordinal) { [extra.GetProperty("t").GetString()!] = extra.GetProperty("text").GetString()! };
        }

        foreach (var result in golden.GetProperty("results").EnumerateArray())
        {
            // Results of real data files are without special tokens.
            CompareText(result, golden.TryGetProperty("data_files", out _), texts[result.GetProperty("t").GetString()!], tokenizer, offsets);
        }

        CompareDecoding(golden, tokenizer);
    }

    internal void Check(string kind, string where, string expected, string actual)
    {
        _counts[kind] = _counts.GetValueOrDefault(kind) + 1;
        if (!string.Equals(expected, actual, StringComparison.Ordinal))
        {
            Failures.Add($"{kind} of {where}: expected {Shorten(expected)}, got {Shorten(actual)}");
        }
    }

    private void CompareText(JsonElement result, bool isPlain, string text, Tokenizer tokenizer, IReferenceOffsets offsets)
    {
        var where = result.GetProperty("t").GetString()!;
        var plain = tokenizer.Encode(text, addSpecialTokens: false);
        var encoding = isPlain ? plain : tokenizer.Encode(text);
        if (!isPlain)
        {
            var ids0 = result.TryGetProperty("ids0", out var without) ? Join(without) : result.TryGetProperty("ids", out var same) ? Join(same) : null;
            if (ids0 is not null)
            {
                Check("ids without specials", where, ids0, Join(plain.Ids));
            }
        }
        else if (result.TryGetProperty("ids_with_special", out var withSpecial))
        {
            Check("ids with specials", where, Join(withSpecial), Join(tokenizer.Encode(text).Ids));
        }

        CompareIds(result, where, encoding, tokenizer);
        var utf8 = System.Text.Encoding.UTF8.GetBytes(text);
        var leading = Enumerable.Range(0, encoding.Count - plain.Count + 1)
            .First(k => encoding.Spans.AsSpan(k, plain.Count).SequenceEqual(plain.Spans) && encoding.Ids.AsSpan(k, plain.Count).SequenceEqual(plain.Ids));
        var flat = offsets.Of(utf8, encoding, TokenTexts(result, encoding, tokenizer), leading, encoding.Count - plain.Count - leading);
        CompareList(result, "boff", where, flat);
        CompareList(result, "off", where, GoldenTexts.ToCharacters(utf8, flat));

        var decoded = tokenizer.Decode(encoding.Ids);
        CompareDecoded(result, "dec", where, decoded);
        CompareNormalized(result, where, text, tokenizer);
        var skipped = tokenizer.Decode(encoding.Ids, skipSpecialTokens: true);
        CompareDecoded(result, result.TryGetProperty("dec_skip", out _) || result.TryGetProperty("dec_skip_sha256", out _) ? "dec_skip" : "dec", where, skipped);
    }

    private void CompareIds(JsonElement result, string where, Transfuse.Tokenization.Encoding encoding, Tokenizer tokenizer)
    {
        CompareList(result, "ids", where, encoding.Ids);
        if (result.TryGetProperty("tok", out var tokens))
        {
            // The original names the matched text for added and unknown tokens, which the vocabulary's string may differ from.
            var expected = tokens.EnumerateArray().Select(token => token.GetString()!).ToList();
            for (var i = 0; i < Math.Min(expected.Count, encoding.Count); i++)
            {
                if (tokenizer.TokenId(expected[i]) == encoding.Ids[i])
                {
                    Check("tokens", where, expected[i], tokenizer.TokenString(encoding.Ids[i])!);
                }
            }
        }
    }

    private void CompareNormalized(JsonElement result, string where, string text, Tokenizer tokenizer)
    {
        if (result.TryGetProperty("norm", out var norm) && tokenizer is SentencePieceTokenizer sentencePiece)
        {
            Check("normalised", where, norm.GetString()!, sentencePiece.Normalize(text));
        }
    }

    private static List<string> TokenTexts(JsonElement result, Transfuse.Tokenization.Encoding encoding, Tokenizer tokenizer) =>
        result.TryGetProperty("tok", out var tokens) && tokens.GetArrayLength() == encoding.Count
            ? [.. tokens.EnumerateArray().Select(token => token.GetString()!)]
            : [.. encoding.Ids.Select(id => tokenizer.TokenString(id)!)];

    private void CompareList(JsonElement result, string key, string where, IReadOnlyList<int> actual)
    {
        if (result.TryGetProperty(key, out var expected))
        {
            Check(key, where, Join(expected), Join(actual));
        }
        else if (result.TryGetProperty(key + "_sha256", out var hash))
        {
            Check(key, where, hash.GetString()!, Hash(Join(actual)));
        }
    }

    private void CompareDecoded(JsonElement result, string key, string where, string actual)
    {
        if (result.TryGetProperty(key, out var expected))
        {
            Check("decoded", where, expected.GetString()!, actual);
        }
        else if (result.TryGetProperty(key + "_sha256", out var hash))
        {
            Check("decoded", where, hash.GetString()!, Hash(actual));
        }
    }

    private void CompareDecoding(JsonElement golden, Tokenizer tokenizer)
    {
        foreach (var single in golden.TryGetProperty("decode_single", out var singles) ? singles.EnumerateArray() : default)
        {
            var id = single[0].GetInt32();
            Check("single tokens decoded", id.ToString(CultureInfo.InvariantCulture), single[1].GetString()!, tokenizer.Decode([id]));
        }

        foreach (var sequence in golden.TryGetProperty("decode_sequences", out var sequences) ? sequences.EnumerateArray() : default)
        {
            int[] ids = [.. sequence.GetProperty("ids").EnumerateArray().Select(id => id.GetInt32())];
            Check("sequences decoded", Join(ids), sequence.GetProperty("dec").GetString()!, tokenizer.Decode(ids));
            if (sequence.TryGetProperty("dec_skip", out var skipped))
            {
                Check("sequences decoded", Join(ids), skipped.GetString()!, tokenizer.Decode(ids, skipSpecialTokens: true));
            }
        }

        foreach (var stream in golden.TryGetProperty("decode_streams", out var streams) ? streams.EnumerateArray() : default)
        {
            int[] ids = [.. stream.GetProperty("ids").EnumerateArray().Select(id => id.GetInt32())];
            var prefixes = stream.GetProperty("dec_prefixes").EnumerateArray().Select(prefix => prefix.GetString()!).ToList();
            for (var i = 0; i < prefixes.Count; i++)
            {
                Check("prefixes decoded", $"{stream.GetProperty("t").GetString()}[..{i + 1}]", prefixes[i], tokenizer.Decode(ids.AsSpan(0, i + 1)));
            }
        }
    }

    private static string Join(JsonElement list) => string.Join(',', list.EnumerateArray().Select(item => item.GetInt32()));

    private static string Join(IEnumerable<int> list) => string.Join(',', list);

    private static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(text)));

    private static string Shorten(string text) => text.Length <= 300 ? $"\"{text}\"" : $"\"{text[..300]}…\"";
}
