using System.Globalization;
using System.Text.Json.Nodes;
using Transfuse.Cli.Hosting;
using Transfuse.Pipeline;
using Transfuse.Recipes;

namespace Transfuse.Cli.Commands.Inspection;

/// <summary>A run folder: where the run stands, what it carries out, and the table if it is measured.</summary>
internal static class RunCard
{
    internal static Card Of(ToolContext context, string folder)
    {
        var run = RunFolder.Open(folder);
        var recipe = RecipeReader.Read(context.ReadText(run.ResolvedRecipeFile), run.ResolvedRecipeFile);
        var status = RunStatus.Read(run);
        var rows = RunResults.Read(run);
        var card = new Card("run") { Table = rows.Count > 0 ? RunResultView.Table(rows) : null }
            .Fact("state", "state", status?.State.ToString().ToLowerInvariant() ?? "unknown")
            .Fact("stage", "stage", status?.Stage)
            .Fact("since", "time", status?.Time.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture))
            .Fact("recipe", "recipe", recipe.Kind)
            .Fact("name", "name", recipe.Name);
        card.Json["seed"] = recipe.Seed;
        card.Json["rows"] = new JsonArray([.. rows.Select(RunResultView.ToJson)]);
        return card.Line("seed", recipe.Seed.ToString(CultureInfo.InvariantCulture));
    }
}
