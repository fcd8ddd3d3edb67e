using System.Text.Json;
using Transfuse.Generation;
using Transfuse.Generation.Scores;
using Transfuse.Tests.Shared;
using Xunit.Abstractions;

namespace Transfuse.Tests.Generation;

/// <summary>Every case of transformers' logits processors whose processors we have, alone and in the order that transformers builds.</summary>
[Trait("Category", "Reference")]
public sealed class GoldenScoreTests(ITestOutputHelper output)
{
    private const string Area = "losses";

    [GoldenFact(Area)]
    public void Scores_follow_transformers()
    {
        var compared = 0;
        foreach (var folder in Directory.GetDirectories(Path.Combine(Golden.Root, Area)))
        {
            using var document = JsonDocument.Parse(File.ReadAllText(Path.Combine(folder, "golden.json")));
            var cases = document.RootElement.GetProperty("cases").EnumerateArray()
                .Where(item => item.TryGetProperty("processors", out _) || item.TryGetProperty("generation_config", out _)).ToList();
            if (cases.Count == 0)
            {
                continue;
            }

            var arrays = GoldenArrays.Read(Path.Combine(folder, "golden.safetensors"));
            foreach (var item in cases)
            {
                compared += Compare(item, arrays) ? 1 : 0;
            }
        }

        Assert.True(compared > 0, "No case of logits processors was found among the goldens.");
    }

    private bool Compare(JsonElement item, GoldenArrays arrays)
    {
        var name = item.GetProperty("id").GetString()!;
        if (Runner(item) is not { } run)
        {
            output.WriteLine($"{name}: uses processors that we do not have, not compared");
            return false;
        }

        int rows = arrays.Shape("scores")[0], vocabulary = arrays.Shape("scores")[1], length = arrays.Shape("input_ids")[1];
        var ids = Array.ConvertAll(arrays.Int64s("input_ids"), id => (int)id);
        var expected = arrays.Doubles(item.GetProperty("scores").GetString()!);
        var largest = 0.0;
        for (var row = 0; row < rows; row++)
        {
            var scores = arrays.Singles("scores")[(row * vocabulary)..((row + 1) * vocabulary)];
            run(ids[(row * length)..((row + 1) * length)], scores);
            for (var id = 0; id < vocabulary; id++)
            {
                var wanted = expected[(row * vocabulary) + id];
                Assert.True(double.IsNegativeInfinity(wanted) == float.IsNegativeInfinity(scores[id]), $"{name}, row {row}, id {id}: {scores[id]} for {wanted}");
                largest = double.IsNegativeInfinity(wanted) ? largest : Math.Max(largest, Math.Abs(wanted - scores[id]));
            }
        }

        output.WriteLine($"{name}: scores, largest difference {largest:E1}, tolerance 1E-5");
        Assert.True(largest <= 1e-5, $"{name}: {largest}");
        return true;
    }

    private static Action<int[], float[]>? Runner(JsonElement item)
    {
        if (item.TryGetProperty("generation_config", out var config))
        {
            return Options(config) is { } options ? (ids, scores) => new ScorePipeline(options).Apply(ids, 0, scores) : null;
        }

        ScoreProcessor?[] processors = [.. item.GetProperty("processors").EnumerateArray().Select(Processor)];
        return processors.Contains(null) ? null : (ids, scores) => Array.ForEach(processors, processor => processor!.Apply(ids, 0, scores));
    }

    private static ScoreProcessor? Processor(JsonElement item)
    {
        var arguments = item.GetProperty("args");
        double Number(string name) => arguments.GetProperty(name).GetDouble();
        var leastKept = arguments.TryGetProperty("min_tokens_to_keep", out var kept) ? kept.GetInt32() : 1;
        return item.GetProperty("class").GetString() switch
        {
            "TemperatureLogitsWarper" => new Temperature(Number("temperature")),
            "TopKLogitsWarper" => new TopK((int)Number("top_k"), leastKept),
            "TopPLogitsWarper" => new TopP(Number("top_p"), leastKept),
            "MinPLogitsWarper" => new MinP(Number("min_p"), leastKept),
            "RepetitionPenaltyLogitsProcessor" => new RepetitionPenalty(Number("penalty")),
            "NoRepeatNGramLogitsProcessor" => new NoRepeatNGram((int)Number("ngram_size")),

            // 12 ids, of which a prompt of 10 leaves 2 that are new; a minimum of the whole length is one of 12 new ids more.
            "MinNewTokensLengthLogitsProcessor" => new Shifted(
                new MinNewTokens((int)Number("min_new_tokens"), [(int)Number("eos_token_id")]), (int)Number("prompt_length_to_skip")),
            "MinLengthLogitsProcessor" => new Shifted(new MinNewTokens((int)Number("min_length"), [(int)Number("eos_token_id")]), 0),
            _ => null,
        };
    }

    private static GenerationOptions? Options(JsonElement config)
    {
        string[] known = ["do_sample", "temperature", "top_k", "top_p", "min_p", "repetition_penalty", "no_repeat_ngram_size"];
        if (config.EnumerateObject().Any(property => !known.Contains(property.Name, StringComparer.Ordinal)))
        {
            return null;
        }

        double Number(string name, double otherwise) => config.TryGetProperty(name, out var value) ? value.GetDouble() : otherwise;
        return new GenerationOptions
        {
            Temperature = config.GetProperty("do_sample").GetBoolean() ? Number("temperature", 1) : 0,
            TopK = (int)Number("top_k", 50),
            TopP = Number("top_p", 1),
            MinP = Number("min_p", 0),
            RepetitionPenalty = Number("repetition_penalty", 1),
            NoRepeatNGramSize = (int)Number("no_repeat_ngram_size", 0),
        };
    }

    /// <summary>Counts as new what follows a prompt of the given length.</summary>
    private sealed class Shifted(ScoreProcessor inner, int promptLength) : ScoreProcessor
    {
        internal override void Apply(ReadOnlySpan<int> ids, int newTokens, Span<float> scores) => inner.Apply(ids, ids.Length - promptLength, scores);
    }
}
