using System.Text.Json;
using Transfuse.Alignment;
using Transfuse.Fusion;
using Transfuse.Tests.Alignment;
using Transfuse.Tests.Shared;
using Xunit.Abstractions;

namespace Transfuse.Tests.Fusion;

[Trait("Category", "Reference")]
public sealed class FuseLlmFusionGoldenTests(ITestOutputHelper output)
{
    private const double Lambda = 0.9;
    private const int Step = 30;
    private const int Steps = 100;
    private static readonly string[] Metrics = ["metric_ce", "metric_ce_aligned_0", "metric_ce_aligned_1"];
    private static readonly string[] Logits = ["per_step_logits", "per_step_aligned_logits_0", "per_step_aligned_logits_1"];
    private static readonly string[] Indices = ["per_step_indices", "per_step_aligned_indices_0", "per_step_aligned_indices_1"];

    [GoldenFact(AlignmentGolden.Area)]
    public void Distributions_are_those_of_the_original_collator()
    {
        foreach (var (folder, item, tensors) in Cases())
        {
            var greatest = 0.0;
            foreach (var dists in item.GetProperty("dists").EnumerateObject())
            {
                var temperature = double.Parse(dists.Name, System.Globalization.CultureInfo.InvariantCulture);
                foreach (var (feature, row) in item.Items("features").Select((feature, row) => (feature, row)))
                {
                    var documents = Collate(feature, item.Int("V"), temperature);
                    for (var s = 0; s < documents.Length; s++)
                    {
                        for (var i = 0; i < documents[s].Count; i++)
                        {
                            greatest = Math.Max(greatest, GoldenFusion.Compare(
                                tensors.Row(dists.Value[s].GetString()!, row, i),
                                documents[s].IdsAt(i),
                                documents[s].ProbabilitiesAt(i),
                                $"{item.Text("name")} source {s} position {i}"));
                        }
                    }
                }
            }

            output.WriteLine($"{folder} {item.Text("name")}: greatest relative difference {greatest:E1} (tolerance {GoldenFusion.RelativeTolerance:E1})");
        }
    }

    [GoldenFact(AlignmentGolden.Area)]
    public void Rewards_weights_and_choices_are_those_of_the_original()
    {
        foreach (var (folder, item, _) in Cases())
        {
            foreach (var (feature, row) in item.Items("features").Select((feature, row) => (feature, row)))
            {
                var metrics = MetricsOf(feature);
                Assert.Equal(item.GetProperty("rewards_bf16")[row].Floats(), metrics.Select(ce => (float)Reward.BFloat16(ce)));
                var (average, minimum) = (new double[metrics.Length], new double[metrics.Length]);
                new AverageCrossEntropy { RoundToBFloat16 = true }.Weigh(new FusionPosition(0, [], [true, true, true], metrics), average);
                new MinCrossEntropy { RoundToBFloat16 = true }.Weigh(new FusionPosition(0, [], [true, true, true], metrics), minimum);
                Assert.Equal(item.GetProperty("avgce_weights_bf16")[row].Floats(), average.Select(weight => (float)weight));
                Assert.Equal(item.Ints("minCE_choice")[row], Array.IndexOf(minimum, 1));
            }

            output.WriteLine($"{folder} {item.Text("name")}: rewards, weights and choices exact");
        }
    }

    [GoldenFact(AlignmentGolden.Area)]
    public void Targets_and_losses_are_those_of_the_original()
    {
        foreach (var (folder, item, tensors) in Cases())
        {
            var (targetDifference, lossDifference) = (0.0, 0.0);
            foreach (var run in item.Items("runs"))
            {
                var (target, loss) = Compare(item, run, tensors);
                targetDifference = Math.Max(targetDifference, target);
                lossDifference = Math.Max(lossDifference, loss);
            }

            output.WriteLine($"{folder} {item.Text("name")}: targets within {targetDifference:E1} (relative), losses within {lossDifference:E1}");
        }
    }

    private static (double Target, double Loss) Compare(JsonElement item, JsonElement run, GoldenTensors tensors)
    {
        var used = run.Items("sources").Select((source, index) => (On: source.GetBoolean(), index)).Where(source => source.On).Select(source => source.index).ToArray();
        var average = run.Is("mode", "AvgCE");
        IFusionFunction function = average
            ? new AverageCrossEntropy { RoundToBFloat16 = true }
            : new MinCrossEntropy { RoundToBFloat16 = true, LastWinsTies = used[0] != 0 };
        var fuser = new DocumentFuser(function, new CrossEntropyOptions(), item.Int("V"), roundToBFloat16: true);
        var divergence = run.Is("loss_type", "kl");
        var (sum, count, greatest) = (0.0, 0, 0.0);
        var metrics = Array.Empty<double>();
        foreach (var (feature, row) in item.Items("features").Select((feature, row) => (feature, row)))
        {
            var documents = Collate(feature, item.Int("V"), run.GetProperty("temperature").GetDouble());
            metrics = [.. used.Select(s => MetricsOf(feature)[s])];
            var targets = fuser.Fuse([.. used.Select(s => documents[s])], metrics).Targets;
            for (var i = 0; i < targets.Count; i++)
            {
                greatest = Math.Max(greatest, GoldenFusion.Compare(
                    tensors.Row(run.Text("target"), row, i), targets.IdsAt(i), targets.ProbabilitiesAt(i), $"{run.Text("target")}[{row},{i}]"));
                sum += GoldenFusion.Loss(tensors.Row(item.Text("student_logits"), row, i), targets, i, divergence);
                count++;
            }
        }

        var lambda = run.Text("weight_type") switch
        {
            "hard" => Lambda,
            "hard_and_decay" => LabelWeight.Decayed(Lambda, Step, Steps),
            _ => LabelWeight.FromRewards(metrics, average),
        };
        var tolerance = run.Is("weight_type", "soft") ? 3e-2 : divergence ? 2e-3 : 1e-4;
        var loss = (lambda * run.GetProperty("clm").GetDouble()) + ((1 - lambda) * sum / count);
        Assert.Equal(run.GetProperty("loss").GetDouble(), loss, tolerance);
        return (greatest, Math.Abs(loss - run.GetProperty("loss").GetDouble()));
    }

    private static AlignedDocument[] Collate(JsonElement feature, int vocabularySize, double temperature)
    {
        var baseDocument = GoldenFusion.Collate(feature, Logits[0], Indices[0], vocabularySize, temperature);
        return
        [
            baseDocument,
            .. Enumerable.Range(1, 2).Select(s =>
                GoldenFusion.Collate(feature, Logits[s], Indices[s], vocabularySize, temperature).FillEmptyFrom(baseDocument)),
        ];
    }

    private static double[] MetricsOf(JsonElement feature) => [.. Metrics.Select(metric => feature.GetProperty(metric).GetDouble())];

    private static IEnumerable<(string Folder, JsonElement Case, GoldenTensors Tensors)> Cases()
    {
        foreach (var (folder, document) in AlignmentGolden.Having("arrays"))
        {
            var tensors = new GoldenTensors(folder);
            foreach (var item in document.Items("cases").Where(item => item.TryGetProperty("rewards_bf16", out _)))
            {
                yield return (Path.GetFileName(folder), item, tensors);
            }
        }
    }
}
