using System.Text.Json;
using Transfuse.Generation;
using Transfuse.Models;
using Transfuse.Tensors.Devices.Cpu;
using Transfuse.Tensors.Random;
using Transfuse.Tests.Models.Golden;
using Transfuse.Tests.Shared;
using Xunit.Abstractions;

namespace Transfuse.Tests.Generation;

/// <summary>Greedy and beam generations of every folder of encoder-decoder models, against transformers: ids and scores, together and alone.</summary>
[Trait("Category", "Reference")]
public sealed class GoldenT5GenerationTests(ITestOutputHelper output) : IDisposable
{
    private readonly CpuDevice _device = new();

    public static TheoryData<string> Cases() => Golden.Cases(GoldenT5Case.Area);

    public void Dispose() => _device.Dispose();

    [GoldenTheory(GoldenT5Case.Area)]
    [MemberData(nameof(Cases))]
    public void Generations(string name)
    {
        using var golden = new GoldenT5Case(name, output);
        if (!golden.Json.TryGetProperty("generation", out var generations))
        {
            golden.Case.Say("holds no generations");
            return;
        }

        using var model = PretrainedModel.LoadEncoderDecoder(golden.Folder, _device);
        var generator = new TextGenerator(model, _device);
        IReadOnlyList<int>[] sources = [.. golden.Pairs().Select(pair => pair.Source)];
        foreach (var item in generations.EnumerateArray())
        {
            var options = Read(item.GetProperty("options")) with { StopIds = model.Config.EosIds };
            int[][] expected = [.. item.GetProperty("sequences").EnumerateArray().Select(ids => ids.EnumerateArray().Skip(1).Select(id => id.GetInt32()).ToArray())];
            foreach (var useCache in (bool[])[true, false])
            {
                var actual = generator.Generate(sources, options with { UseCache = useCache }, Chance());
                Assert.Equal(expected, actual);
            }

            for (var i = 0; i < sources.Length; i++)
            {
                Assert.Equal(expected[i], generator.Generate([sources[i]], options, Chance())[0]);
            }

            if (item.TryGetProperty("sequences_scores", out var scores))
            {
                double[] wanted = [.. scores.EnumerateArray().Select(score => score.GetDouble())];
                double[] found = [.. generator.Search(sources, options).Select(sequences => sequences[0].Score)];
                golden.Case.Compare($"{item.GetProperty("name")}: scores", wanted, found, item.GetProperty("scores_tolerance_abs").GetDouble());
            }

            golden.Case.Say($"{item.GetProperty("name")}: {expected.Length} sequences equal, with and without cache, together and alone");
        }
    }

    private static RandomStream Chance() => new(0, "none");

    private static GenerationOptions Read(JsonElement options) => new()
    {
        MaxNewTokens = options.GetProperty("max_new_tokens").GetInt32(),
        Beams = options.GetProperty("num_beams").GetInt32(),
        LengthPenalty = options.TryGetProperty("length_penalty", out var penalty) ? penalty.GetDouble() : 1,
        EarlyStopping = !options.TryGetProperty("early_stopping", out var early) || early.ValueKind == JsonValueKind.False ? EarlyStopping.Heuristic
            : early.ValueKind == JsonValueKind.True ? EarlyStopping.WhenFull
            : EarlyStopping.Never,
    };
}
