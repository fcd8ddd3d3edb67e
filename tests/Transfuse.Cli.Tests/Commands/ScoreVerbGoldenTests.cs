using System.Text.Json.Nodes;
using Transfuse.Checkpoints;
using Transfuse.Checkpoints.Safetensors;
using Transfuse.Errors;
using Transfuse.Tests.Shared;
using Xunit.Abstractions;

namespace Transfuse.Cli.Tests.Commands;

/// <summary>The whole distributions that <c>score</c> prints, against log-softmax of the logits that transformers gave.</summary>
public sealed class ScoreVerbGoldenTests(ITestOutputHelper output)
{
    private const string Area = "models";

    public static TheoryData<string> Cases => Golden.Cases(Area);

    [GoldenTheory(Area)]
    [MemberData(nameof(Cases))]
    [Trait("Category", "Reference")]
    public void Distributions_are_those_of_transformers(string name)
    {
        var folder = Path.Combine(Golden.Root, Area, name);
        using var golden = SafetensorsFile.Open(Path.Combine(folder, "golden.safetensors"));
        if (golden.Find("input_ids") is not { } entry)
        {
            output.WriteLine($"{name}: has no logits to compare");
            return;
        }

        var (count, length) = ((int)entry.Dimensions[0], (int)entry.Dimensions[1]);
        var ids = golden.ReadInt64s(entry);
        using var tool = new ToolRunner();
        if (!IsSupported(folder))
        {
            var (code, _, error) = tool.Run("score", folder, "--ids", tool.Write("ids.json", "[1, 2]"));
            Assert.Equal(4, code);
            Assert.Contains("not supported", error, StringComparison.Ordinal);
            output.WriteLine($"{name}: {error.Trim()}");
            return;
        }

        var tolerance = (double)JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "golden.json")))!["tolerance"]!["logprobs"]!;
        var worst = 0.0;
        for (var sequence = 0; sequence < count; sequence++)
        {
            var row = ids.AsSpan(sequence * length, length).ToArray();
            var result = tool.Run("score", folder, "--ids", tool.Write("ids.json", $"[{string.Join(',', row)}]"), "--top", "1000000", "--json");
            Assert.True(result.Code == 0, result.Error);
            worst = Math.Max(worst, WorstDifference(JsonNode.Parse(result.Output)!, golden, sequence, row));
        }

        output.WriteLine($"{name}: log-probabilities of {count} sequences, largest difference {worst:E2}, tolerance {tolerance:E2}");
        Assert.True(worst <= tolerance, $"largest difference {worst:E2}, tolerance {tolerance:E2}");
    }

    private static bool IsSupported(string folder)
    {
        try
        {
            return ModelConfig.Load(folder) is not null;
        }
        catch (ModelFormatException exception) when (exception.Message.Contains("not supported", StringComparison.Ordinal))
        {
            return false;
        }
    }

    private static double WorstDifference(JsonNode scores, SafetensorsFile golden, int sequence, long[] row)
    {
        var entry = golden.Get("logits");
        var vocabulary = (int)entry.Dimensions[2];
        var logits = new float[vocabulary];
        var worst = 0.0;
        for (var i = 1; i < row.Length; i++)
        {
            golden.ReadSingles(entry, (((long)sequence * row.Length) + i - 1) * vocabulary, logits);
            var largest = (double)logits.Max();
            var normaliser = largest + Math.Log(logits.Sum(logit => Math.Exp(logit - largest)));
            var token = scores["tokens"]![i]!;
            worst = Math.Max(worst, Math.Abs((float)token["logprob"]! - (logits[row[i]] - normaliser)));
            var top = token["top"]!.AsArray();
            Assert.Equal(vocabulary, top.Select(item => (int)item!["id"]!).Distinct().Count());
            worst = Math.Max(worst, top.Max(item => Math.Abs((float)item!["logprob"]! - (logits[(int)item["id"]!] - normaliser))));
        }

        return worst;
    }
}
