using System.CommandLine;
using System.Text.Json.Nodes;
using Transfuse.Artifacts;
using Transfuse.Cli.Errors;
using Transfuse.Cli.Hosting;
using Transfuse.Cli.Output;
using Transfuse.Recipes.Reading;

namespace Transfuse.Cli.Commands;

/// <summary><c>init</c>: writes a starter recipe.</summary>
internal sealed class InitVerb : Verb
{
    private readonly Argument<string?> _template = new("template") { Description = "Name of a template; see --list.", HelpName = "template", Arity = ArgumentArity.ZeroOrOne };
    private readonly Argument<string?> _file = new("file") { Description = "File to write; default is TEMPLATE.yaml.", Arity = ArgumentArity.ZeroOrOne };
    private readonly Option<bool> _list = new("--list") { Description = "List the templates." };
    private readonly Option<bool> _yes = new("--yes") { Description = "Overwrite the file if it exists." };

    internal InitVerb()
        : base("init", "Writes a commented starter recipe.", "transfuse init --list", "transfuse init tiny-fuse my.yaml")
    {
        _template.CompletionSources.Add([.. RecipeTemplates.Names]);
        Add(_template);
        Add(_file);
        Add(_list);
        Add(_yes);
    }

    internal override int Run(ToolContext context, CancellationToken cancellation)
    {
        var template = context.Arguments.GetValue(_template);
        if (context.Arguments.GetValue(_list))
        {
            List(context.Output);
            return ExitCodes.Done;
        }

        if (template is null || !RecipeTemplates.Names.Contains(template, StringComparer.Ordinal))
        {
            var suggestion = template is null ? null : SpellingSuggestion.DidYouMean(template, RecipeTemplates.Names);
            throw new UsageException(
                template is null ? "no template named" : $"no template '{template}'{(suggestion is null ? string.Empty : $" — {suggestion}")}",
                $"Templates: {string.Join(", ", RecipeTemplates.Names)}.");
        }

        return WriteFile(context, template, context.Arguments.GetValue(_file) ?? $"{template}.yaml");
    }

    private int WriteFile(ToolContext context, string template, string file)
    {
        var path = context.Resolve(file);
        if (Path.Exists(path) && !context.Arguments.GetValue(_yes))
        {
            throw new UsageException($"{file} exists already", "Name another file, or overwrite it with --yes.");
        }

        AtomicFile.Write(path, RecipeTemplates.Read(template));
        context.Output.Result(
            "transfuse.init/1",
            () => new JsonObject { ["template"] = template, ["path"] = path },
            () => context.Output.Line(file),
            quiet: file);
        context.Output.Note($"Wrote {file}. Next: transfuse check {file}");
        return ExitCodes.Done;
    }

    private static void List(ToolOutput output) => output.Result(
        "transfuse.init/1",
        () => new JsonObject
        {
            ["templates"] = new JsonArray([.. RecipeTemplates.Names.Select(name => (JsonNode)new JsonObject { ["name"] = name, ["summary"] = RecipeTemplates.Summary(name) })]),
        },
        () =>
        {
            var width = RecipeTemplates.Names.Max(name => name.Length);
            foreach (var name in RecipeTemplates.Names)
            {
                output.Line($"{name.PadRight(width)}  {RecipeTemplates.Summary(name)}");
            }
        },
        quiet: string.Join('\n', RecipeTemplates.Names));
}
