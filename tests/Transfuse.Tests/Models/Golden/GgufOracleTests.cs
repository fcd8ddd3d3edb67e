using System.Diagnostics;
using System.Text.Json;
using Transfuse.Checkpoints.Gguf;
using Transfuse.Generation;
using Transfuse.Models;
using Transfuse.Tensors.Devices.Cpu;
using Transfuse.Tensors.Random;
using Transfuse.Tests.Shared;
using Transfuse.Tokenization;
using Xunit.Abstractions;

namespace Transfuse.Tests.Models.Golden;

/// <summary>
/// Really trained small Llamas in the layout of llama2.c, rewritten as GGUF by a script that is not ours: ids and log-probabilities as
/// llama.cpp gives them, and the published story.
/// </summary>
[Trait("Category", "Reference")]
public sealed class GgufOracleTests(ITestOutputHelper output) : IDisposable
{
    private const string Text = "Once upon a time, there was a little girl named Lily.  She loved  to play!";
    private readonly CpuDevice _device = new();
    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> Checkpoints() => [.. Files(Path.Combine(Shared.Golden.Data, "models")).Order(StringComparer.Ordinal)];

    public void Dispose()
    {
        _folder.Dispose();
        _device.Dispose();
    }

    [OracleTheory]
    [MemberData(nameof(Checkpoints))]
    public void A_trained_model_scores_as_in_llama_cpp_and_tells_the_published_story(string checkpoint)
    {
        var file = Convert(checkpoint);
        var tokenizer = TokenizerFile.Load(file);
        using var model = PretrainedModel.Load(file, _device);
        using var score = JsonDocument.Parse(Oracles.Llora(Text, "score", file, "-t", "1"));
        int[] ids = [.. score.RootElement.GetProperty("ids").EnumerateArray().Select(id => id.GetInt32())];
        Assert.Equal(ids, tokenizer.Encode(Text).Ids);
        Assert.Equal(Text, tokenizer.Decode(tokenizer.Encode(Text, addSpecialTokens: false).Ids));

        var scores = new SequenceScorer(model, _device).Score([ids]).Single();
        var expected = score.RootElement.GetProperty("logprobs").EnumerateArray().Skip(1).Select(value => value.GetDouble()).ToArray();
        var largest = expected.Select((value, i) => Math.Abs(value - scores.LogProbabilities[i + 1])).Max();
        output.WriteLine($"{Path.GetFileName(checkpoint)}: {ids.Length} tokens, largest difference of log-probabilities {largest:g3}");
        Assert.InRange(largest, 0, 1e-4);

        var story = PublishedText(Directory.GetFiles(Path.GetDirectoryName(checkpoint)!, "*.md").Single());
        var generated = new TextGenerator(model, _device).Generate([[tokenizer.BosId!.Value]], new GenerationOptions { MaxNewTokens = 256 }, new RandomStream(0, "none"))[0];
        Assert.StartsWith(story, tokenizer.Decode(generated), StringComparison.Ordinal);
    }

    /// <summary>What llama.cpp quantised itself is read to the same numbers: ours widened agree with its 8-bit arithmetic as far as that goes.</summary>
    [OracleTheory]
    [MemberData(nameof(Checkpoints))]
    public void Files_that_llama_cpp_quantised_are_read(string checkpoint)
    {
        var file = Convert(checkpoint);
        foreach (var (number, tolerance) in new[] { (1, 5e-3), (32, 5e-2), (7, 0.15), (2, 0.5) })
        {
            var quantised = _folder[$"q{number}.gguf"];
            Oracles.Llora(null, "quant", file, quantised, $"{number}");
            using var score = JsonDocument.Parse(Oracles.Llora(Text, "score", quantised, "-t", "1"));
            int[] ids = [.. score.RootElement.GetProperty("ids").EnumerateArray().Select(id => id.GetInt32())];
            using var model = PretrainedModel.Load(quantised, _device);
            var difference = Math.Abs(new SequenceScorer(model, _device).Score([ids]).Single().TotalLogProbability - score.RootElement.GetProperty("sum").GetDouble()) / ids.Length;
            using var header = GgufFile.Open(quantised);
            output.WriteLine($"{string.Join(", ", header.Entries.Select(entry => entry.Type).Distinct())}: mean difference {difference:g3} nats a token");
            Assert.InRange(difference, 0, tolerance);
        }
    }

    private string Convert(string checkpoint)
    {
        var start = new ProcessStartInfo("python3") { UseShellExecute = false, RedirectStandardOutput = true };
        foreach (var argument in (string[])[
            Path.Combine(Oracles.Root, "llama2c_to_gguf.py"), checkpoint, Directory.GetFiles(Path.GetDirectoryName(checkpoint)!, "tok*.bin").Single(), _folder["m.gguf"]])
        {
            start.ArgumentList.Add(argument);
        }

        using var process = Process.Start(start)!;
        process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
        return _folder["m.gguf"];
    }

    private static IEnumerable<string> Files(string folder) => Directory.Exists(folder) ? Directory.EnumerateFiles(folder, "*.v0.bin", SearchOption.AllDirectories) : [];

    /// <summary>The first code block of the page that shows the program at temperature 0, without the command.</summary>
    private static string PublishedText(string page)
    {
        var block = File.ReadAllText(page).Split("```").First(part => part.Contains("-t 0.0", StringComparison.Ordinal));
        return block[(block.IndexOf("-t 0.0", StringComparison.Ordinal) + "-t 0.0".Length)..].Trim();
    }
}
