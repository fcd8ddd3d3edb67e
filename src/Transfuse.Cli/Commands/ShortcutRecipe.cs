using System.CommandLine;
using Transfuse.Cli.Errors;
using Transfuse.Cli.Hosting;
using Transfuse.Recipes;

namespace Transfuse.Cli.Commands;

/// <summary>What verbs share that write a recipe from flags and run it.</summary>
internal sealed class ShortcutRecipe
{
    private readonly Option<string[]> _corpus = new("--corpus")
    {
        Description = "Text files, JSON lines or patterns to train on.",
        HelpName = "file",
        Required = true,
        AllowMultipleArgumentsPerToken = true,
    };

    private readonly Option<string> _field = new("--field") { Description = "Member of JSON lines that holds the text.", HelpName = "name", DefaultValueFactory = _ => "text" };
    private readonly Option<int> _steps = new("--steps") { Description = "Optimiser steps.", HelpName = "n", DefaultValueFactory = _ => new TrainSection().Steps };

    private readonly Option<double> _learningRate = new("--learning-rate")
    {
        Description = "Highest learning rate.",
        HelpName = "rate",
        DefaultValueFactory = _ => new TrainSection().LearningRate,
    };

    private readonly Option<string[]> _set = new("--set") { Description = "Any other key of the recipe: key=value.", HelpName = "key=value", AllowMultipleArgumentsPerToken = true };
    private readonly Option<bool> _print = new("--print-recipe") { Description = "Print the recipe instead of running it." };
    private readonly RunOptions _options = new();

    internal void AddTo(Command command)
    {
        foreach (var option in new Option[] { _corpus, _field, _steps, _learningRate, _set, _print })
        {
            command.Add(option);
        }

        _options.AddTo(command);
    }

    /// <summary>The corpus that the flags name.</summary>
    internal CorpusSection Corpus(ToolContext context) => new()
    {
        Source = CorpusKind.Files,
        Domains = [new DomainSection { Name = "texts", Files = context.Arguments.GetRequiredValue(_corpus), Field = context.Arguments.GetRequiredValue(_field) }],
    };

    /// <summary>The training that the flags describe.</summary>
    internal TrainSection Training(ToolContext context) => new()
    {
        Steps = context.Arguments.GetValue(_steps),
        LearningRate = context.Arguments.GetValue(_learningRate),
    };

    /// <summary>Checks the recipe as if it had been written by hand, then prints or runs it.</summary>
    internal int Run(ToolContext context, Recipe recipe, CancellationToken cancellation)
    {
        recipe = context.Settings.Apply(recipe);
        var settings = context.Arguments.GetValue(_set) ?? [];
        var checkedRecipe = RecipeReader.Read(
            RecipeWriter.ToResolvedYaml(recipe), "command line", settings, path => RecipeFiles.Exists(context, path), model => RecipeFiles.ModelExists(context, model));
        var text = RecipeWriter.ToResolvedYaml(checkedRecipe);
        if (context.Arguments.GetValue(_print))
        {
            context.Output.Raw(text);
            return ExitCodes.Done;
        }

        checkedRecipe = RecipeFiles.WithLocalModels(context, checkedRecipe, cancellation);
        if (_options.IsDryRun(context))
        {
            return RunForecastView.Show(context, checkedRecipe, _options.Pipeline(context, context.Settings.Folder), cancellation);
        }

        text = RecipeWriter.ToResolvedYaml(checkedRecipe);
        var run = _options.Folder(context, recipe.Name);
        var result = RunSession.Start(context, run, text, checkedRecipe, _options.Pipeline(context, context.Settings.Folder), cancellation);
        RunResultView.Write(context, "transfuse.run/1", recipe.Seed, result);
        return ExitCodes.Done;
    }
}
