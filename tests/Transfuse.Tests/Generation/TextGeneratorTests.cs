using Transfuse.Errors;
using Transfuse.Generation;
using Transfuse.Models;
using Transfuse.Tensors.Devices.Cpu;
using Transfuse.Tensors.Random;
using Transfuse.Tests.Models;
using Transfuse.Tests.Models.Golden;

namespace Transfuse.Tests.Generation;

public sealed class TextGeneratorTests : IDisposable
{
    private readonly CpuDevice _device = new(threads: 2);

    public static TheoryData<string> Models() => TinyModels.Cases();

    public void Dispose() => _device.Dispose();

    [Theory]
    [MemberData(nameof(Models))]
    public void Greedy_is_the_same_with_and_without_cache_alone_and_together(string name)
    {
        using var model = TinyModels.Create(name, _device);
        var generator = new TextGenerator(model, _device);
        int[][] prompts = [TinyModels.Ids(3, 1), TinyModels.Ids(8, 2), TinyModels.Ids(1, 3)];
        var options = new GenerationOptions { MaxNewTokens = 12 };
        var cached = generator.Generate(prompts, options, Chance());
        var plain = generator.Generate(prompts, options with { UseCache = false }, Chance());
        for (var i = 0; i < prompts.Length; i++)
        {
            Assert.Equal(12, cached[i].Length);
            Assert.Equal(plain[i], cached[i]);
            Assert.Equal(cached[i], generator.Generate([prompts[i]], options, Chance())[0]);
            Assert.Equal(Best(model, prompts[i]), cached[i][0]);
        }
    }

    [Fact]
    public void Stops_after_a_stop_id_while_others_go_on()
    {
        using var model = TinyModels.Create("llama", _device);
        var generator = new TextGenerator(model, _device);
        int[][] prompts = [TinyModels.Ids(4, 1), TinyModels.Ids(6, 5)];
        var options = new GenerationOptions { MaxNewTokens = 10 };
        var free = generator.Generate(prompts, options, Chance());
        var stop = free[0][3];
        var heard = new List<(int, int)>();
        var stopped = generator.Generate(prompts, options with { StopIds = [stop] }, Chance(), (sequence, id) => heard.Add((sequence, id)));
        for (var i = 0; i < prompts.Length; i++)
        {
            var end = Array.IndexOf(free[i], stop);
            Assert.Equal(end < 0 ? free[i] : free[i][..(end + 1)], stopped[i]);
            Assert.Equal(stopped[i], heard.Where(pair => pair.Item1 == i).Select(pair => pair.Item2));
        }
    }

    [Fact]
    public void Sampling_repeats_with_its_seed_and_follows_the_distribution()
    {
        using var model = TinyModels.Create("neox", _device);
        var generator = new TextGenerator(model, _device);
        var prompt = TinyModels.Ids(5, 2);
        var options = new GenerationOptions { MaxNewTokens = 1, Temperature = 0.8, TopK = 5, TopP = 0.9 };
        var first = generator.Generate(Enumerable.Repeat(prompt, 4000).ToArray(), options, new RandomStream(9, "sample"));
        var again = generator.Generate(Enumerable.Repeat(prompt, 4000).ToArray(), options, new RandomStream(9, "sample"));
        Assert.Equal(first.Select(ids => ids[0]), again.Select(ids => ids[0]));

        var expected = Filtered(model, prompt, options);
        foreach (var group in first.GroupBy(ids => ids[0]))
        {
            Assert.True(expected.ContainsKey(group.Key), $"id {group.Key} should not be drawn");
        }

        foreach (var (id, probability) in expected)
        {
            var share = first.Count(ids => ids[0] == id) / 4000.0;
            Assert.Equal(probability, share, 5 * Math.Sqrt(probability * (1 - probability) / 4000));
        }
    }

    [Fact]
    public void Very_low_temperature_and_one_candidate_are_greedy()
    {
        using var model = TinyModels.Create("mpt", _device);
        var generator = new TextGenerator(model, _device);
        var prompt = TinyModels.Ids(5, 2);
        var greedy = generator.Generate([prompt], new GenerationOptions { MaxNewTokens = 6 }, Chance())[0];
        Assert.Equal(greedy, generator.Generate([prompt], new GenerationOptions { MaxNewTokens = 6, Temperature = 1e-6 }, Chance())[0]);
        Assert.Equal(greedy, generator.Generate([prompt], new GenerationOptions { MaxNewTokens = 6, Temperature = 3, TopK = 1 }, Chance())[0]);
        Assert.Equal(greedy, generator.Generate([prompt], new GenerationOptions { MaxNewTokens = 6, Temperature = 3, TopP = 1e-9 }, Chance())[0]);
    }

    [Fact]
    public void A_prompt_draws_the_same_among_others_of_other_lengths()
    {
        using var model = TinyModels.Create("llama", _device);
        var generator = new TextGenerator(model, _device);
        var options = new GenerationOptions { MaxNewTokens = 8, Temperature = 1.3, MinP = 0.02, RepetitionPenalty = 1.3 };
        int[][] prompts = [TinyModels.Ids(4, 1), TinyModels.Ids(9, 5), TinyModels.Ids(2, 6)];
        var together = generator.Generate(prompts, options, Chance());
        Assert.Equal(together[0], generator.Generate(prompts[..1], options, Chance())[0]);
        Assert.Equal(together.Take(2), generator.Generate(prompts[..2], options, Chance()));
    }

    [Fact]
    public void Repetition_is_penalised_or_forbidden_and_the_end_put_off()
    {
        using var model = TinyModels.Create("llama", _device);
        var generator = new TextGenerator(model, _device);
        var prompt = TinyModels.Ids(4, 1);
        var options = new GenerationOptions { MaxNewTokens = 20 };
        var penalised = generator.Generate([prompt], options with { RepetitionPenalty = 1e6 }, Chance())[0];
        Assert.Empty(penalised.Intersect(prompt));
        Assert.Equal(penalised.Length, penalised.Distinct().Count());
        var forbidden = generator.Generate([prompt], options with { NoRepeatNGramSize = 2 }, Chance())[0];
        int[] all = [.. prompt, .. forbidden];
        Assert.Equal(all.Length - 1, all.Zip(all.Skip(1)).Distinct().Count());
        var free = generator.Generate([prompt], options, Chance())[0];
        var stopped = generator.Generate([prompt], options with { StopIds = [free[0]], MinNewTokens = 3 }, Chance())[0];
        Assert.True(stopped.Length > 3);
        Assert.DoesNotContain(free[0], stopped[..3]);
    }

    [Fact]
    public void Refuses_bad_options_empty_prompts_and_damaged_models()
    {
        using var model = TinyModels.Create("llama", _device);
        var generator = new TextGenerator(model, _device);
        Assert.Throws<ArgumentException>(() => generator.Generate([[]], new GenerationOptions(), Chance()));
        var exception = Assert.Throws<ArgumentException>(
            () => generator.Generate([[1]], new GenerationOptions { TopP = 0, Temperature = double.NaN, TopK = -1, MaxNewTokens = -1 }, Chance()));
        Assert.Equal(3, exception.Message.Count(character => character == ';'));
        Assert.Contains("tokenizer", Assert.Throws<ArgumentException>(() => generator.Generate([[1]], new GenerationOptions { StopStrings = ["x"] }, Chance())).Message, StringComparison.Ordinal);
        Assert.Empty(generator.Generate([[1]], new GenerationOptions { MaxNewTokens = 0 }, Chance())[0]);
        using var cancelled = new CancellationTokenSource();
        cancelled.Cancel();
        Assert.Throws<OperationCanceledException>(() => generator.Generate([[1]], new GenerationOptions(), Chance(), null, cancelled.Token));
        model.Parameters[0].Value.Row(1)[0] = float.NaN;
        Assert.Throws<CheckFailedException>(() => generator.Generate([[1]], new GenerationOptions(), Chance()));
    }

    private static RandomStream Chance() => new(1, "sample");

    private int Best(LanguageModel model, int[] prompt)
    {
        var logits = GoldenModelCase.Logits(model, _device, TokenBatch.FromLengths(prompt, [prompt.Length]))[^TinyModels.Vocabulary..];
        return Array.IndexOf(logits, logits.Max());
    }

    private Dictionary<int, double> Filtered(LanguageModel model, int[] prompt, GenerationOptions options)
    {
        var logits = GoldenModelCase.Logits(model, _device, TokenBatch.FromLengths(prompt, [prompt.Length]))[^TinyModels.Vocabulary..];
        var best = logits.Select((logit, id) => (Id: id, Weight: Math.Exp(logit / options.Temperature))).OrderByDescending(pair => pair.Weight).Take(options.TopK).ToList();
        var total = best.Sum(pair => pair.Weight);
        var kept = new List<(int Id, double Weight)>();
        foreach (var pair in best)
        {
            if (kept.Sum(other => other.Weight) >= options.TopP * total)
            {
                break;
            }

            kept.Add(pair);
        }

        return kept.ToDictionary(pair => pair.Id, pair => pair.Weight / kept.Sum(other => other.Weight));
    }
}
