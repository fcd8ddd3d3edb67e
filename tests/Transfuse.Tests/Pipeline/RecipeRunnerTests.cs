using Transfuse.Diagnostics;
using Transfuse.Errors;
using Transfuse.Pipeline;
using Transfuse.Recipes;
using Transfuse.Tensors.Devices.Cpu;
using Transfuse.Tensors.Random;

namespace Transfuse.Tests.Pipeline;

/// <summary>A tiny fusion end to end, and what an interruption or a kill at any moment leaves of it.</summary>
public sealed class RecipeRunnerTests : IDisposable
{
    private const string Recipe = """
        recipe: fuse/1
        name: test
        seed: 5
        corpus:
          source: files
          domains: [{ name: red, files: red.jsonl }, { name: blue, files: blue.jsonl }]
          validation: 0.15
          test: 0.15
          fusion: 0.5
        sources:
          - { name: a, architecture: gpt_neox, domain: red, vocabulary: 290, hidden: 16, layers: 1, heads: 2, context: 64, train: { steps: 6, batch_tokens: 96, block: 32, validate_every: 2, patience: 2, checkpoint_every: 2, log_every: 1 } }
          - { name: b, architecture: mpt, domain: blue, vocabulary: 280, hidden: 16, layers: 1, heads: 2, context: 64, train: { steps: 5, batch_tokens: 96, block: 32, validate_every: 0, checkpoint_every: 2, log_every: 2 } }
        target: { architecture: llama, vocabulary: 300, hidden: 16, layers: 2, heads: 2, context: 64, pretrain: { steps: 4, batch_tokens: 96, block: 32, checkpoint_every: 3 } }
        train: { steps: 7, batch_tokens: 64, block: 32, accumulate: 2, validate_every: 3, checkpoint_every: 2, log_every: 1 }
        """;

    private readonly string _folder = Directory.CreateTempSubdirectory("transfuse run ").FullName;
    private readonly CpuDevice _device = new(threads: 2);

    public RecipeRunnerTests()
    {
        var random = new RandomStream(1, "texts");
        foreach (var (name, words) in new[] { ("red", "rose ruby rust wine fire brick"), ("blue", "sea sky ice ink teal navy") })
        {
            var vocabulary = words.Split(' ');
            File.WriteAllLines(Path.Combine(_folder, name + ".jsonl"), Enumerable.Range(0, 60).Select(_ =>
                $"{{\"text\":\"{string.Join(' ', Enumerable.Range(0, 20).Select(_ => vocabulary[random.NextInt32(vocabulary.Length)]))}\"}}"));
        }
    }

    [Fact]
    public void A_kill_at_any_moment_ends_in_the_same_bits()
    {
        var (uninterrupted, events) = Run("whole", _ => { });
        Assert.Equal(["source/a", "source/b", "target/before", "target/clm", "target/fused"], uninterrupted.Rows.Select(row => row.Name));
        Assert.All(uninterrupted.Rows, row => Assert.True(double.IsFinite(row.Average)));

        // What lies in the folder at a moment of progress is what a kill at that moment leaves.
        var moments = Enumerable.Range(1, 12).Select(i => i * events / 13).ToHashSet();
        var (_, again) = Run("watched", count =>
        {
            if (moments.Contains(count))
            {
                CopyRun(At("watched"), At($"killed-{count}"));
            }
        });
        Assert.Equal(events, again);
        foreach (var moment in moments.Order())
        {
            RecipeRunner.Resume(RunFolder.Open(At($"killed-{moment}")), Options, _device, new InlineProgress<RunEvent>(_ => { }));
            AssertSame(At("whole"), At($"killed-{moment}"));
        }
    }

    [Fact]
    public void Cancelling_saves_and_resuming_ends_in_the_same_bits()
    {
        var (_, events) = Run("whole", _ => { });
        using var cancellation = new CancellationTokenSource();
        Assert.Throws<OperationCanceledException>(() => Run("cut", count => CancelAt(cancellation, count, 2 * events / 3), cancellation.Token));
        var run = RunFolder.Open(At("cut"));
        Assert.Equal(RunState.Interrupted, RunStatus.Read(run)!.State);

        RecipeRunner.Resume(run, Options, _device, new InlineProgress<RunEvent>(_ => { }));

        Assert.Equal(RunState.Done, RunStatus.Read(run)!.State);
        AssertSame(At("whole"), At("cut"));
    }

    [Fact]
    public void A_damaged_checkpoint_is_named()
    {
        using var cancellation = new CancellationTokenSource();
        var checkpoints = Path.Combine(At("cut"), "models", "target-fused.partial", "checkpoints");
        Assert.Throws<OperationCanceledException>(() => Run("cut", _ => CancelAt(cancellation, Directory.Exists(checkpoints) ? 1 : 0, 1), cancellation.Token));
        var damaged = Directory.GetFiles(At("cut"), "state.safetensors", SearchOption.AllDirectories).Single();
        File.WriteAllBytes(damaged, File.ReadAllBytes(damaged)[..200]);

        var error = Assert.ThrowsAny<InputException>(
            () => RecipeRunner.Resume(RunFolder.Open(At("cut")), Options, _device, new InlineProgress<RunEvent>(_ => { })));

        Assert.Contains(damaged, error.Message, StringComparison.Ordinal);
        Assert.Equal(RunState.Failed, RunStatus.Read(RunFolder.Open(At("cut")))!.State);
    }

    [Fact]
    public void A_folder_with_a_run_is_not_overwritten()
    {
        Run("whole", _ => { });

        Assert.Throws<InputException>(() => RunFolder.CreateAt(At("whole")));
    }

    public void Dispose()
    {
        _device.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private PipelineOptions Options => new() { BaseFolder = _folder, CreatedBy = "test" };

    private string At(string name) => Path.Combine(_folder, "runs", name);

    private (RunResult Result, int Events) Run(string name, Action<int> onEvent, CancellationToken cancellation = default)
    {
        var count = 0;
        var result = RecipeRunner.Start(
            RunFolder.CreateAt(At(name)), Recipe, RecipeReader.Read(Recipe, "test.yaml"), Options, _device, new InlineProgress<RunEvent>(_ => onEvent(++count)), cancellation);
        return (result, count);
    }

    private static void CancelAt(CancellationTokenSource cancellation, int count, int moment)
    {
        if (count == moment)
        {
            cancellation.Cancel();
        }
    }

    private static void AssertSame(string expected, string actual)
    {
        string[] files = ["metrics.jsonl", "eval/results.json", "models/target-fused/model.safetensors", "models/target-clm/model.safetensors", "models/source-a/model.safetensors"];
        foreach (var file in files)
        {
            Assert.True(File.ReadAllBytes(Path.Combine(expected, file)).AsSpan().SequenceEqual(File.ReadAllBytes(Path.Combine(actual, file))), $"{actual}: {file} differs");
        }
    }

    private static void CopyRun(string source, string destination)
    {
        Directory.CreateDirectory(destination);
        foreach (var file in Directory.GetFiles(source).Where(file => !file.EndsWith("run.lock", StringComparison.Ordinal)))
        {
            File.Copy(file, Path.Combine(destination, Path.GetFileName(file)));
        }

        foreach (var folder in Directory.GetDirectories(source))
        {
            CopyRun(folder, Path.Combine(destination, Path.GetFileName(folder)));
        }
    }
}
