using System.CommandLine;
using Transfuse.Cli.Errors;
using Transfuse.Cli.Hosting;

namespace Transfuse.Cli.Commands;

/// <summary><c>run</c>: carries out a recipe in a new run folder.</summary>
internal sealed class RunVerb : Verb
{
    private readonly Argument<string> _recipe = new("recipe") { Description = "Recipe file." };

    private readonly Argument<string[]> _settings = new("settings")
    {
        Description = "Settings key=value in place of the recipe's.",
        Arity = ArgumentArity.ZeroOrMore,
    };

    private readonly RunOptions _options = new();

    internal RunVerb()
        : base(
            "run",
            "Carries out a recipe. Stages that another run in the same folder finished with equal inputs and parameters are taken over.",
            "transfuse run my.yaml",
            "transfuse run my.yaml train.steps=200 --out runs/short",
            "transfuse run my.yaml --dry-run")
    {
        Add(_recipe);
        Add(_settings);
        _options.AddTo(this);
    }

    internal override int Run(ToolContext context, CancellationToken cancellation)
    {
        var file = context.Arguments.GetRequiredValue(_recipe);
        var settings = context.Arguments.GetValue(_settings) ?? [];
        if (settings.FirstOrDefault(setting => !RecipeFiles.IsOverride(setting)) is { } stray)
        {
            throw new UsageException($"'{stray}' is no setting", "settings are written key=value, for example train.steps=200");
        }

        var recipe = RecipeFiles.WithLocalModels(context, RecipeFiles.Read(context, file, settings), cancellation);
        var folder = Path.GetDirectoryName(context.Resolve(file)) ?? context.Settings.Folder;
        if (_options.IsDryRun(context))
        {
            return RunForecastView.Show(context, recipe, _options.Pipeline(context, folder), cancellation);
        }

        var result = RunSession.Start(context, _options.Folder(context, recipe.Name), context.ReadText(file), recipe, _options.Pipeline(context, folder), cancellation);
        RunResultView.Write(context, "transfuse.run/1", recipe.Seed, result);
        return ExitCodes.Done;
    }
}
