using System.Text.Json;
using Transfuse.Fusion;
using Transfuse.Tests.Alignment;
using Transfuse.Tests.Shared;
using Xunit.Abstractions;

namespace Transfuse.Tests.Fusion;

[Trait("Category", "Reference")]
public sealed class FuseChatFusionGoldenTests(ITestOutputHelper output)
{
    private const double Lambda = 0.9;
    private const int Ignored = -100;

    [GoldenFact(AlignmentGolden.Area)]
    public void Targets_and_losses_are_those_of_the_original()
    {
        foreach (var (folder, document) in AlignmentGolden.Having("arrays"))
        {
            var tensors = new GoldenTensors(folder);
            foreach (var item in document.Items("cases").Where(item => !item.TryGetProperty("rewards_bf16", out _)))
            {
                var (target, loss) = (0.0, 0.0);
                foreach (var run in item.Items("runs"))
                {
                    var difference = Compare(item, run, tensors);
                    (target, loss) = (Math.Max(target, difference.Target), Math.Max(loss, difference.Loss));
                }

                output.WriteLine($"{Path.GetFileName(folder)} {item.Text("name")}: targets within {target:E1} (relative), losses within {loss:E1}");
            }
        }
    }

    private static (double Target, double Loss) Compare(JsonElement item, JsonElement run, GoldenTensors tensors)
    {
        var withPivot = run.GetProperty("with_ref").GetBoolean();
        var divergence = run.Is("loss_type", "kl");
        var fuser = new DocumentFuser(
            new MinCrossEntropy { RoundToBFloat16 = true }, new CrossEntropyOptions(), item.Int("V"), roundToBFloat16: true);
        var (sum, count, greatest) = (0.0, 0, 0.0);
        foreach (var (feature, row) in item.Items("features").Select((feature, row) => (feature, row)))
        {
            var pivot = GoldenFusion.Collate(feature, "per_step_logits", "per_step_indices", item.Int("V"), 1);
            var source = GoldenFusion.Collate(feature, "fused_per_step_logits", "fused_per_step_indices", item.Int("V"), 1).FillEmptyFrom(pivot);
            double[] metrics = [feature.GetProperty("metric_ce").GetDouble(), feature.GetProperty("fused_metric_ce").GetDouble()];
            var targets = (withPivot ? fuser.Fuse([pivot, source], metrics) : fuser.Fuse([source], metrics.AsSpan(1))).Targets;
            var labels = feature.Ints("labels");
            for (var i = 0; i < targets.Count; i++)
            {
                greatest = Math.Max(greatest, GoldenFusion.Compare(
                    tensors.Row(run.Text("target"), row, i), targets.IdsAt(i), targets.ProbabilitiesAt(i), $"{run.Text("target")}[{row},{i}]"));
                if (i + 1 < labels.Length && labels[i + 1] != Ignored)
                {
                    sum += GoldenFusion.Loss(tensors.Row(item.Text("student_logits"), row, i), targets, i, divergence);
                    count++;
                }
            }
        }

        var expected = run.GetProperty("loss").GetDouble();
        var loss = (Lambda * run.GetProperty("clm").GetDouble()) + ((1 - Lambda) * sum / count);
        Assert.Equal(expected, loss, divergence ? 1e-3 : 1e-4);
        return (greatest, Math.Abs(loss - expected));
    }
}
