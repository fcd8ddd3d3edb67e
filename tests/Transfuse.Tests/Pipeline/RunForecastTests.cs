using Transfuse.Diagnostics;
using Transfuse.Pipeline;
using Transfuse.Recipes;
using Transfuse.Tensors.Devices.Cpu;
using Transfuse.Tensors.Errors;
using Transfuse.Tensors.Random;

namespace Transfuse.Tests.Pipeline;

public sealed class RunForecastTests : IDisposable
{
    private const string Recipe = """
        recipe: train/1
        name: test
        seed: 5
        corpus: { source: files, domains: [{ name: red, files: red.jsonl }], validation: 0.2, test: 0.2 }
        model: { architecture: llama, vocabulary: 280, hidden: 16, layers: 2, heads: 2, context: 64 }
        train: { steps: 3, batch_tokens: 96, block: 32, accumulate: 2, validate_every: 0 }
        """;

    private readonly string _folder = Directory.CreateTempSubdirectory("transfuse forecast ").FullName;

    public RunForecastTests()
    {
        var random = new RandomStream(1, "texts");
        var words = "rose ruby rust wine fire brick".Split(' ');
        File.WriteAllLines(Path.Combine(_folder, "red.jsonl"), Enumerable.Range(0, 60).Select(_ =>
            $"{{\"text\":\"{string.Join(' ', Enumerable.Range(0, 20).Select(_ => words[random.NextInt32(words.Length)]))}\"}}"));
    }

    [Fact]
    public void A_forecast_names_stages_tokens_and_memory_and_leaves_nothing()
    {
        using var device = new CpuDevice(threads: 2);
        var forecast = RecipeRunner.Forecast(RecipeReader.Read(Recipe, "test.yaml"), Options, device);
        Assert.Equal(["corpus", "tokenizer model", "train model", "evaluate"], forecast.Stages.Select(stage => stage.Name));
        Assert.Equal(3 * 96 * 2, forecast.Tokens);
        Assert.DoesNotContain(forecast.Stages, stage => stage.IsTakenOver);
        Assert.NotNull(forecast.Largest);
        Assert.Equal(0, device.Memory.PeakReservedBytes);
        Assert.Equal(["red.jsonl"], Directory.GetFileSystemEntries(_folder).Select(Path.GetFileName));
        forecast.RequireFit();
    }

    [Fact]
    public void Finished_stages_of_another_run_are_forecast_as_taken_over()
    {
        using var device = new CpuDevice(threads: 2);
        Start(device);
        var forecast = RecipeRunner.Forecast(RecipeReader.Read(Recipe, "test.yaml"), Options with { ReuseFrom = Runs }, device);
        Assert.Equal(["tokenizer model", "train model", "evaluate"], forecast.Stages.Where(stage => stage.IsTakenOver).Select(stage => stage.Name));
        Assert.Equal(0, forecast.Tokens);
    }

    [Fact]
    public void The_largest_stage_takes_what_was_forecast()
    {
        using var device = new CpuDevice(threads: 2);
        var forecast = RecipeRunner.Forecast(RecipeReader.Read(Recipe, "test.yaml"), Options, device);
        Start(device);
        // Texts of the tests are shorter than whole batches, so only what trains is compared.
        var train = forecast.Stages.Single(stage => stage.Tokens > 0).Memory!.Peak;
        Assert.True(device.Memory.PeakReservedBytes >= 0.9 * train, $"{train} bytes forecast, {device.Memory.PeakReservedBytes} used");
    }

    [Fact]
    public void A_run_that_cannot_fit_is_refused_before_it_begins()
    {
        using var device = new CpuDevice(threads: 2, memoryLimitInBytes: 400_000);
        Assert.Throws<ResourceLimitException>(RecipeRunner.Forecast(RecipeReader.Read(Recipe, "test.yaml"), Options, device).RequireFit);
        var error = Assert.Throws<ResourceLimitException>(() => Start(device));
        Assert.Contains("train model", error.Message, StringComparison.Ordinal);
        Assert.Equal(0, device.Memory.PeakReservedBytes);
        Assert.False(Directory.Exists(Path.Combine(Runs, "one", "corpus")));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private PipelineOptions Options => new() { BaseFolder = _folder, CreatedBy = "test" };

    private string Runs => Path.Combine(_folder, "runs");

    private void Start(CpuDevice device) => RecipeRunner.Start(
        RunFolder.CreateAt(Path.Combine(Runs, "one")), Recipe, RecipeReader.Read(Recipe, "test.yaml"), Options, device, new InlineProgress<RunEvent>(_ => { }));
}
