using System.Text.Json;
using Transfuse.Tests.Shared;
using Transfuse.Tokenization;
using Xunit.Abstractions;

namespace Transfuse.Tests.Tokenization;

[Trait("Category", "Reference")]
public sealed class TokenizerGoldenTests(ITestOutputHelper output)
{
    private const string Area = "tokenizers";

    public static TheoryData<string> Cases => CasesWith("tokenizer.json");

    [GoldenTheory(Area)]
    [MemberData(nameof(Cases))]
    public void Tokenizer_json_agrees_with_the_original(string name)
    {
        using var golden = Read(name, "golden.json");
        using var json = Read(name, "tokenizer.json");
        var tokenizer = TokenizerFile.Load(Folder(name));
        var comparison = new GoldenComparison(name);
        comparison.RunTexts(golden.RootElement, Texts(), tokenizer, new HuggingFaceOffsets(json.RootElement));
        output.WriteLine(comparison.Report());
        Assert.True(comparison.Failures.Count == 0, comparison.Report());
        Assert.True(comparison.Compared > 0, $"{name}: nothing was compared");
    }

    private static TheoryData<string> CasesWith(string file)
    {
        var folder = Path.Combine(Golden.Root, Area);
        IEnumerable<string> folders = Directory.Exists(folder) ? Directory.GetDirectories(folder) : [];
        return [.. folders.Where(path => File.Exists(Path.Combine(path, file))).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];
    }

    private static string Folder(string name) => Path.Combine(Golden.Root, Area, name);

    private static JsonDocument Read(params string[] path) => JsonDocument.Parse(File.ReadAllBytes(Path.Combine([Golden.Root, Area, .. path])));

    private static Dictionary<string, string> Texts()
    {
        using var texts = Read("texts.json");
        return texts.RootElement.GetProperty("texts").EnumerateArray().ToDictionary(text => text.GetProperty("t").GetString()!, text => text.GetProperty("text").GetString()!, StringComparer.Ordinal);
    }
}
