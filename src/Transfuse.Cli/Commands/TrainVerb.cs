using System.CommandLine;
using Transfuse.Cli.Hosting;
using Transfuse.Recipes;

namespace Transfuse.Cli.Commands;

/// <summary><c>train</c>: trains an existing model further on texts.</summary>
internal sealed class TrainVerb : Verb
{
    private readonly Argument<string> _model = new("model") { Description = "Model folder, or name on the hub." };
    private readonly ShortcutRecipe _recipe = new();

    internal TrainVerb()
        : base(
            "train",
            "Trains a model further on texts. For a new model, or more control, write a recipe (transfuse init train-tiny).",
            "transfuse train models/a --corpus data/law.jsonl --steps 500 --learning-rate 1e-4")
    {
        Add(_model);
        _recipe.AddTo(this);
    }

    internal override int Run(ToolContext context, CancellationToken cancellation) => _recipe.Run(
        context,
        new TrainRecipe
        {
            Name = "train",
            Model = new TrainedModelSection { Model = context.Arguments.GetRequiredValue(_model) },
            Corpus = _recipe.Corpus(context),
            Train = _recipe.Training(context),
        },
        cancellation);
}
