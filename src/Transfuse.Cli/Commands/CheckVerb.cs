using System.CommandLine;
using System.Text.Json.Nodes;
using Transfuse.Cli.Errors;
using Transfuse.Cli.Hosting;
using Transfuse.Cli.Output;
using Transfuse.Recipes;

namespace Transfuse.Cli.Commands;

/// <summary><c>check</c>: tells everything that is wrong with recipes.</summary>
internal sealed class CheckVerb : Verb
{
    private readonly Argument<string[]> _recipes = new("recipe")
    {
        Description = "Recipe files, and settings key=value that apply to all of them.",
        Arity = ArgumentArity.OneOrMore,
    };

    internal CheckVerb()
        : base(
            "check",
            "Checks recipes: syntax, keys, types, ranges, and that inputs exist. Prints all problems.",
            "transfuse check my.yaml",
            "transfuse check my.yaml train.steps=200")
    {
        Add(_recipes);
    }

    internal override int Run(ToolContext context, CancellationToken cancellation)
    {
        var arguments = context.Arguments.GetRequiredValue(_recipes);
        var overrides = arguments.Where(RecipeFiles.IsOverride).ToArray();
        var files = arguments.Where(argument => !RecipeFiles.IsOverride(argument)).ToArray();
        if (files.Length == 0)
        {
            throw new UsageException("no recipe given, only settings", "transfuse check RECIPE [key=value …]");
        }

        var reports = files.Select(file => Check(context, file, overrides)).ToArray();
        var problems = reports.SelectMany(report => report.Problems).ToArray();
        context.Output.Result("transfuse.check/1", () => ToJson(reports), () => Write(context.Output, reports));
        if (problems.Length > 0)
        {
            context.Output.Note($"{problems.Length} problem{(problems.Length == 1 ? string.Empty : "s")}. Keys and values: 'transfuse schema'.");
            return ExitCodes.RecipeInvalid;
        }

        context.Output.Note($"Next: transfuse run {ShellText.Argument(files[0])}");
        return ExitCodes.Done;
    }

    private static Report Check(ToolContext context, string file, string[] overrides)
    {
        try
        {
            return new Report(file, RecipeFiles.Read(context, file, overrides), []);
        }
        catch (RecipeException exception)
        {
            return new Report(file, null, exception.Problems);
        }
    }

    private static void Write(ToolOutput output, Report[] reports)
    {
        foreach (var report in reports)
        {
            foreach (var problem in report.Problems)
            {
                output.Line(problem.ToString());
            }

            if (report.Recipe is { } recipe)
            {
                output.Line($"{output.Mark(true)} {report.File}  {recipe.Kind} '{recipe.Name}'");
            }
        }
    }

    private static JsonObject ToJson(Report[] reports) => new()
    {
        ["valid"] = reports.All(report => report.Problems.Count == 0),
        ["recipes"] = new JsonArray([.. reports.Select(report => (JsonNode)new JsonObject
        {
            ["file"] = report.File,
            ["kind"] = report.Recipe?.Kind,
            ["name"] = report.Recipe?.Name,
            ["problems"] = ErrorPresenter.ToJson(report.Problems),
        })]),
    };

    private sealed record Report(string File, Recipe? Recipe, IReadOnlyList<RecipeProblem> Problems);
}
