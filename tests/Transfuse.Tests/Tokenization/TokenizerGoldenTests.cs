using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using Transfuse.Errors;
using Transfuse.Tests.Shared;
using Transfuse.Tokenization;
using Xunit.Abstractions;

namespace Transfuse.Tests.Tokenization;

[Trait("Category", "Reference")]
public sealed class TokenizerGoldenTests(ITestOutputHelper output)
{
    private const string Area = "tokenizers";

    public static TheoryData<string> Cases => [.. Golden.Cases(Area).Select(row => row).Where(name => File.Exists(File(name, "golden.json")))];

    [GoldenTheory(Area)]
    [MemberData(nameof(Cases))]
    public void Agrees_with_the_original(string name)
    {
        if (!System.IO.File.Exists(File(name, "tokenizer.json")))
        {
            Assert.True(System.IO.File.Exists(File(name, "tokenizer.model")), $"{name}: neither tokenizer.json nor tokenizer.model");
            return;
        }

        using var golden = JsonDocument.Parse(System.IO.File.ReadAllBytes(File(name, "golden.json")));
        var comparison = new GoldenComparison(Golden.Root, name);
        comparison.Run(golden.RootElement);
        output.WriteLine(comparison.Report());
        Assert.True(comparison.Failures.Count == 0, comparison.Report());
        Assert.True(comparison.Compared > 0, $"{name}: nothing was compared");
    }

    private static string File(string name, string file) => Path.Combine(Golden.Root, Area, name, file);
}
