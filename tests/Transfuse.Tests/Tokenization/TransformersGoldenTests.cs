using System.Text.Json;
using Transfuse.Tests.Shared;
using Transfuse.Tokenization;
using Xunit.Abstractions;

namespace Transfuse.Tests.Tokenization;

/// <summary>
/// Folders as transformers 5 loads them. We keep the file as it is; where a class of transformers rebuilds parts of it, or takes other
/// options from tokenizer_config.json, the case is counted as not covered.
/// </summary>
[Trait("Category", "Reference")]
public sealed class TransformersGoldenTests(ITestOutputHelper output)
{
    private static readonly string[] Components = ["normalizer", "pre_tokenizer", "post_processor", "decoder"];

    [GoldenFact("tokenizers/transformers")]
    public void Folders_that_transformers_keeps_as_they_are_agree()
    {
        using var golden = GoldenTexts.Read("transformers", "golden.json");
        var comparison = new GoldenComparison("transformers");
        var notCovered = new SortedDictionary<string, int>(StringComparer.Ordinal);
        var covered = 0;
        foreach (var entry in golden.RootElement.GetProperty("cases").EnumerateArray())
        {
            var reason = NotCovered(entry);
            if (reason is not null)
            {
                notCovered[reason] = notCovered.GetValueOrDefault(reason) + 1;
                continue;
            }

            covered++;
            Compare(entry, comparison);
        }

        output.WriteLine($"{covered} folders; {comparison.Report()}; not covered: {string.Join(", ", notCovered.Select(pair => $"{pair.Value} {pair.Key}"))}");
        Assert.True(comparison.Failures.Count == 0, comparison.Report());
        Assert.True(covered > 0);
    }

    private static string? NotCovered(JsonElement entry)
    {
        var source = entry.GetProperty("files")[0].GetProperty("copy_of").GetString()!;
        var configuration = entry.GetProperty("tokenizer_config");
        if (!source.EndsWith(".json", StringComparison.Ordinal))
        {
            return "SentencePiece models rebuilt by a class";
        }

        if (configuration.TryGetProperty("split_special_tokens", out _) || configuration.TryGetProperty("additional_special_tokens", out _))
        {
            return "options of tokenizer_config.json that change tokens";
        }

        using var file = GoldenTexts.Read(source.Split('/'));
        var effective = entry.GetProperty("v5").GetProperty("effective");
        var rebuilt = Components.Where(part => !JsonElement.DeepEquals(file.RootElement.GetProperty(part), effective.GetProperty(part))).ToList();
        return rebuilt.Count == 0 ? null : $"classes that rebuild {string.Join(" and ", rebuilt)}";
    }

    private static void Compare(JsonElement entry, GoldenComparison comparison)
    {
        var folder = Directory.CreateTempSubdirectory("transfuse-").FullName;
        try
        {
            File.Copy(Path.Combine(Golden.Root, GoldenTexts.Area, entry.GetProperty("files")[0].GetProperty("copy_of").GetString()!), Path.Combine(folder, "tokenizer.json"));
            File.WriteAllText(Path.Combine(folder, "tokenizer_config.json"), entry.GetProperty("tokenizer_config").GetRawText());
            var tokenizer = TokenizerFile.Load(folder);
            foreach (var result in entry.GetProperty("v5").GetProperty("results").EnumerateArray())
            {
                var text = result.GetProperty("text").GetString()!;
                var where = $"{entry.GetProperty("name")}/{text}";
                var ids = tokenizer.Encode(text).Ids;
                comparison.Check("ids", where, Join(result.GetProperty("ids")), string.Join(',', ids));
                comparison.Check("ids without specials", where, Join(result.GetProperty("ids_no_special")), string.Join(',', tokenizer.Encode(text, addSpecialTokens: false).Ids));
                if (!entry.GetProperty("tokenizer_config").TryGetProperty("clean_up_tokenization_spaces", out var cleanUp) || !cleanUp.GetBoolean())
                {
                    comparison.Check("decoded", where, result.GetProperty("dec").GetString()!, tokenizer.Decode(ids));
                    comparison.Check("decoded", where, result.GetProperty("dec_skip").GetString()!, tokenizer.Decode(ids, skipSpecialTokens: true));
                }
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static string Join(JsonElement ids) => string.Join(',', ids.EnumerateArray().Select(id => id.GetInt32()));
}
