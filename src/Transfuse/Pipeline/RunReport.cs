using System.Globalization;
using System.Text.Json;
using Transfuse.Evaluation;
using Transfuse.Pipeline.Stages;
using Transfuse.Recipes;
using Transfuse.Tensors.Devices;

namespace Transfuse.Pipeline;

/// <summary><c>report.html</c> of a run: the table, the curves of every training stage, the settings and what the fusion did.</summary>
internal static class RunReport
{
    internal static string Render(RunFolder run, Recipe recipe, RecipePlan plan, IReadOnlyList<DomainScores> rows, Device device)
    {
        var metrics = MetricsLog.Read(run.MetricsFile);
        var trained = plan.Stages.OfType<TrainStage>().ToList();
        return HtmlReport.Render(recipe.Name, rows, Facts(run, recipe, plan, device), Charts(trained, metrics));
    }

    private static IEnumerable<SvgChart> Charts(IReadOnlyList<TrainStage> stages, IReadOnlyList<MetricsLine> metrics)
    {
        var continued = stages.Where(stage => stage.Model is "target/clm" or "target/fused").ToList();
        var others = stages.Except(continued).ToList();
        foreach (var (title, group) in new[] { ("The target, continued", continued), ("Training", others) })
        {
            yield return Chart($"{title}: validation", "bits per byte", "validation_bits_per_byte", group, metrics);
            yield return Chart($"{title}: loss on the next token", "nats per token", "label_loss", group, metrics);
        }
    }

    private static SvgChart Chart(string title, string unit, string value, IReadOnlyList<TrainStage> stages, IReadOnlyList<MetricsLine> metrics)
    {
        var chart = new SvgChart { Title = title, XLabel = "tokens", YLabel = unit };
        foreach (var stage in stages)
        {
            var lines = metrics.Where(line => string.Equals(line.Stage, stage.Name, StringComparison.Ordinal));
            chart.Add(stage.Model, lines.Where(line => line[value] is not null).Select(line => (line["tokens"] ?? 0, line[value]!.Value)));
        }

        return chart;
    }

    private static IEnumerable<KeyValuePair<string, string>> Facts(RunFolder run, Recipe recipe, RecipePlan plan, Device device)
    {
        yield return new("recipe", $"{recipe.Kind}, seed {recipe.Seed.ToString(CultureInfo.InvariantCulture)} (recipe.resolved.yaml)");
        yield return new("tokens of each continuation", plan.TrainTokens.ToString("N0", CultureInfo.InvariantCulture));
        yield return new("device", device.Name);
        if (recipe is FuseRecipe fuse)
        {
            yield return new("loss", string.Create(CultureInfo.InvariantCulture, $"{fuse.Fusion.LabelWeight:0.##} · next token + {1 - fuse.Fusion.LabelWeight:0.##} · fused sources, {fuse.Fusion.Function} by {fuse.Fusion.Granularity}, rest {fuse.Fusion.Rest}"));
            foreach (var fact in FusionFacts(run.At("models", "target-fused", "fusion.json")))
            {
                yield return fact;
            }
        }

        yield return new("folder", run.Path);
    }

    private static List<KeyValuePair<string, string>> FusionFacts(string path)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(path));
        var root = document.RootElement;
        var facts = new List<KeyValuePair<string, string>>
        {
            new("positions with a teacher", Percent(root.GetProperty("fused_share"))),
            new("mean rest mass", Percent(root.GetProperty("mean_rest_mass"))),
        };
        facts.AddRange(root.GetProperty("sources").EnumerateArray().Select(source => KeyValuePair.Create(
            source.GetProperty("name").GetString()!,
            $"chosen {Percent(source.GetProperty("chosen_share"))}, aligned {Percent(source.GetProperty("aligned_share"))}, kept mass {Percent(source.GetProperty("mean_kept_mass"))}")));
        return facts;
    }

    private static string Percent(JsonElement value) => string.Create(CultureInfo.InvariantCulture, $"{100 * value.GetDouble():F1} %");
}
