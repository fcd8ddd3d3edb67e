using Transfuse.Diagnostics;
using Transfuse.Errors;
using Transfuse.Pipeline;
using Transfuse.Tensors.Devices.Cpu;

namespace Transfuse.Tests.Pipeline;

public sealed class StageRunnerTests : IDisposable
{
    private readonly string _runs = Directory.CreateTempSubdirectory("transfuse runs ").FullName;
    private readonly CpuDevice _device = new(threads: 1);

    [Fact]
    public void A_finished_stage_is_not_done_again()
    {
        var run = NewRun("a");
        var stage = new CountingStage("one", "p");
        Runner(run).Run([stage]);
        Runner(run).Run([stage]);

        Assert.Equal(1, stage.Runs);
        Assert.Equal("p", File.ReadAllText(run.At("one", "result.txt")));
        Assert.False(Directory.Exists(run.At("one.partial")));
    }

    [Fact]
    public void An_interrupted_stage_finds_what_it_left()
    {
        var run = NewRun("a");
        var stage = new CountingStage("one", "p") { FailFirst = true };
        Assert.Throws<IOException>(() => Runner(run).Run([stage]));
        Assert.False(Directory.Exists(run.At("one")));

        Runner(run).Run([stage]);

        Assert.True(stage.SawLeftovers);
    }

    [Fact]
    public void Leftovers_of_other_parameters_are_thrown_away()
    {
        var run = NewRun("a");
        Assert.Throws<IOException>(() => Runner(run).Run([new CountingStage("one", "old") { FailFirst = true }]));
        var stage = new CountingStage("one", "new");

        Runner(run).Run([stage]);

        Assert.False(stage.SawLeftovers);
    }

    [Fact]
    public void A_result_of_another_recipe_is_refused()
    {
        var run = NewRun("a");
        Runner(run).Run([new CountingStage("one", "p")]);

        var error = Assert.Throws<ArtifactException>(() => Runner(run).Run([new CountingStage("one", "q")]));

        Assert.Contains("another recipe", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Another_runs_result_is_taken_over_with_its_metrics_where_keys_are_equal()
    {
        var first = NewRun("a");
        Runner(first).Run([new CountingStage("one", "p")]);
        var second = NewRun("b");
        var same = new CountingStage("one", "p");
        Runner(second, reuse: true).Run([same]);
        var third = NewRun("c");
        var other = new CountingStage("one", "q");
        Runner(third, reuse: true).Run([other]);

        Assert.Equal((0, 1), (same.Runs, other.Runs));
        Assert.Equal("p", File.ReadAllText(second.At("one", "result.txt")));
        Assert.Equal(File.ReadAllText(first.MetricsFile), File.ReadAllText(second.MetricsFile));
    }

    [Fact]
    public void A_change_upstream_changes_the_key_downstream()
    {
        var run = NewRun("a");
        var one = new CountingStage("two", "p", new CountingStage("one", "p")).Key(run);
        var other = new CountingStage("two", "p", new CountingStage("one", "q")).Key(run);

        Assert.NotEqual(one, other);
    }

    public void Dispose()
    {
        _device.Dispose();
        Directory.Delete(_runs, recursive: true);
    }

    private RunFolder NewRun(string name) => RunFolder.CreateAt(Path.Combine(_runs, name));

    private StageRunner Runner(RunFolder run, bool reuse = false) => new(
        new StageContext(run, _device, new MetricsLog(run.MetricsFile), new InlineProgress<RunEvent>(_ => { }), TimeProvider.System, default),
        reuse ? _runs : null);

    private sealed class CountingStage(string folder, string parameters, params Stage[] inputs) : Stage
    {
        internal int Runs { get; private set; }

        internal bool FailFirst { get; set; }

        internal bool SawLeftovers { get; private set; }

        internal override string Name => $"stage {folder}";

        internal override string Folder => folder;

        internal override IReadOnlyList<Stage> Inputs => inputs;

        internal override string Parameters => parameters;

        internal override void Run(StageContext context, string folder)
        {
            SawLeftovers = File.Exists(Path.Combine(folder, "leftover.txt"));
            if (FailFirst)
            {
                FailFirst = false;
                File.WriteAllText(Path.Combine(folder, "leftover.txt"), "half");
                throw new IOException("killed");
            }

            Runs++;
            context.Metrics.Append(new MetricsLine(Name, 1, [new("loss", 1)]));
            File.WriteAllText(Path.Combine(folder, "result.txt"), parameters);
        }
    }
}
