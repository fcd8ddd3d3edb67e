using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Transfuse.Cli.Errors;
using Transfuse.Cli.Hosting;
using Transfuse.Cli.Output;
using Transfuse.Recipes;

namespace Transfuse.Cli.Commands;

/// <summary><c>schema</c>: what can stand in a recipe.</summary>
internal sealed class SchemaVerb : Verb
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    private readonly Argument<string?> _key = new("key") { Description = "A key, for example train.learning_rate, for help on it.", Arity = ArgumentArity.ZeroOrOne };
    private readonly Option<bool> _markdown = new("--markdown") { Description = "The key reference as Markdown." };
    private readonly Option<bool> _commands = new("--commands") { Description = "The reference of this tool's commands as Markdown." };

    internal SchemaVerb()
        : base(
            "schema",
            "Prints the JSON schema of recipes, or help on one key.",
            "transfuse schema > transfuse.schema.json",
            "transfuse schema train.learning_rate",
            "transfuse schema --markdown > docs/recipes.md",
            "transfuse schema --commands > docs/cli.md")
    {
        Add(_key);
        Add(_markdown);
        Add(_commands);
    }

    internal override int Run(ToolContext context, CancellationToken cancellation)
    {
        if (context.Arguments.GetValue(_markdown))
        {
            context.Output.Raw(RecipeReference.ToMarkdown());
        }
        else if (context.Arguments.GetValue(_commands))
        {
            context.Output.Raw(CommandReference.ToMarkdown(context.Arguments.RootCommandResult.Command));
        }
        else if (context.Arguments.GetValue(_key) is { } key)
        {
            WriteKeys(context.Output, key);
        }
        else
        {
            context.Output.Raw(RecipeReference.ToJsonSchema().ToJsonString(Indented) + "\n");
        }

        return ExitCodes.Done;
    }

    private static void WriteKeys(ToolOutput output, string path)
    {
        var keys = RecipeReference.Find(path);
        if (keys.Count == 0)
        {
            var suggestion = RecipeReference.DidYouMean(path);
            throw new UsageException($"no recipe has a key '{path}'{(suggestion is null ? string.Empty : $" — {suggestion}")}", "All keys: 'transfuse schema --markdown'.");
        }

        output.Result("transfuse.schema/1", () => new JsonObject { ["keys"] = new JsonArray([.. keys.Select(ToJson)]) }, () => WriteText(output, keys));
    }

    private static void WriteText(ToolOutput output, IReadOnlyList<RecipeKeyInfo> keys)
    {
        foreach (var kind in keys.GroupBy(key => key.Kind, StringComparer.Ordinal))
        {
            output.Line($"recipe: {kind.Key}");
            foreach (var key in kind)
            {
                var byDefault = key.IsRequired ? ", required" : key.Default is null ? string.Empty : $", default {key.Default}";
                var range = key.Range is null ? string.Empty : $" ({key.Range})";
                output.Line($"  {key.Path}: {key.Type}{range}{byDefault}");
                output.Line($"      {key.Description}");
            }
        }
    }

    private static JsonNode ToJson(RecipeKeyInfo key) => new JsonObject
    {
        ["recipe"] = key.Kind,
        ["key"] = key.Path,
        ["type"] = key.Type,
        ["required"] = key.IsRequired,
        ["default"] = key.Default,
        ["values"] = key.Range,
        ["description"] = key.Description,
    };
}
