using Transfuse.Generation;
using Transfuse.Models;
using Transfuse.Tensors.Devices.Cpu;
using Transfuse.Tests.Models;
using Transfuse.Tests.Models.Golden;

namespace Transfuse.Tests.Generation;

public sealed class BeamSearchTests : IDisposable
{
    private const int Stop = 3;
    private readonly CpuDevice _device = new(threads: 2);

    public static TheoryData<string> Models() => TinyModels.Cases();

    public void Dispose() => _device.Dispose();

    [Theory]
    [InlineData(1.0)]
    [InlineData(0.0)]
    [InlineData(-1.5)]
    public void With_beams_for_all_it_finds_the_best_of_all_sequences(double lengthPenalty)
    {
        using var model = TinyModels.Create("llama", _device);
        var prompt = TinyModels.Ids(4, 2);
        const int Length = 2;
        var options = new GenerationOptions
        {
            MaxNewTokens = Length,
            Beams = TinyModels.Vocabulary * TinyModels.Vocabulary,
            LengthPenalty = lengthPenalty,
            StopIds = [Stop],
            UseCache = false,
        };
        var all = AllSequences(model, prompt).OrderByDescending(pair => pair.LogProbability / Math.Pow(pair.Ids.Length, lengthPenalty)).ToArray();
        var found = new TextGenerator(model, _device).Search([prompt], options)[0];
        for (var i = 0; i < 20; i++)
        {
            Assert.Equal(all[i].Ids, found[i].Ids);
            Assert.Equal(all[i].LogProbability / Math.Pow(all[i].Ids.Length, lengthPenalty), found[i].Score, 1e-4);
        }
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void Each_prompt_finds_alone_and_without_cache_what_it_finds_among_others(string name)
    {
        using var model = TinyModels.Create(name, _device);
        var generator = new TextGenerator(model, _device);
        int[][] prompts = [TinyModels.Ids(3, 1), TinyModels.Ids(9, 2), TinyModels.Ids(1, 3)];
        foreach (var early in Enum.GetValues<EarlyStopping>())
        {
            var options = new GenerationOptions { MaxNewTokens = 8, Beams = 4, StopIds = [Stop, 5, 7], EarlyStopping = early, LengthPenalty = 0.8, RepetitionPenalty = 1.2 };
            var together = generator.Search(prompts, options);
            var plain = generator.Search(prompts, options with { UseCache = false });
            for (var i = 0; i < prompts.Length; i++)
            {
                var alone = generator.Search([prompts[i]], options)[0];
                Assert.NotEmpty(alone);
                Assert.Equal(alone.Select(sequence => sequence.Ids), together[i].Select(sequence => sequence.Ids));
                Assert.Equal(alone.Select(sequence => sequence.Ids), plain[i].Select(sequence => sequence.Ids));
                Assert.Equal(alone.Select(sequence => sequence.Score).OrderDescending(), alone.Select(sequence => sequence.Score));
            }
        }
    }

    [Fact]
    public void One_beam_is_greedy_and_more_find_no_worse()
    {
        using var model = TinyModels.Create("neox", _device);
        var generator = new TextGenerator(model, _device);
        var prompt = TinyModels.Ids(5, 4);
        var options = new GenerationOptions { MaxNewTokens = 6 };
        var greedy = generator.Generate([prompt], options, new Transfuse.Tensors.Random.RandomStream(0, "none"))[0];
        var one = generator.Search([prompt], options)[0][0];
        Assert.Equal(greedy, one.Ids);
        var many = generator.Search([prompt], options with { Beams = 64 })[0][0];
        Assert.True(many.Score >= one.Score);
    }

    [Fact]
    public void Drawing_and_searching_exclude_each_other()
    {
        using var model = TinyModels.Create("neox", _device);
        var generator = new TextGenerator(model, _device);
        Assert.Throws<ArgumentException>(() => generator.Search([[1]], new GenerationOptions { Beams = 2, Temperature = 1 }));
        Assert.Throws<ArgumentException>(() => generator.Search([[1]], new GenerationOptions { Beams = 2, StopStrings = ["x"] }));
        Assert.Empty(generator.Search([[1]], new GenerationOptions { Beams = 2, MaxNewTokens = 0 })[0]);
    }

    // Every sequence of two tokens, or of one if it is the stop id.
    private List<(int[] Ids, double LogProbability)> AllSequences(LanguageModel model, int[] prompt)
    {
        double[] After(int[] ids)
        {
            var logits = GoldenModelCase.Logits(model, _device, TokenBatch.FromLengths(ids, [ids.Length]))[^TinyModels.Vocabulary..];
            return GoldenModelCase.LogProbabilities(logits, TinyModels.Vocabulary);
        }

        var result = new List<(int[], double)>();
        var first = After(prompt);
        for (var id = 0; id < first.Length; id++)
        {
            if (id == Stop)
            {
                result.Add(([id], first[id]));
                continue;
            }

            var second = After([.. prompt, id]);
            result.AddRange(second.Select((value, next) => ((int[])[id, next], first[id] + value)));
        }

        return result;
    }
}
