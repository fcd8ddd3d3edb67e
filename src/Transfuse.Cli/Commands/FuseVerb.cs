using System.CommandLine;
using Transfuse.Cli.Hosting;
using Transfuse.Recipes;

namespace Transfuse.Cli.Commands;

/// <summary><c>fuse</c>: fuses existing models into one.</summary>
internal sealed class FuseVerb : Verb
{
    private readonly Argument<string> _target = new("target") { Description = "Model that receives the knowledge: folder, or name on the hub." };
    private readonly Argument<string[]> _sources = new("source") { Description = "Models that give it.", Arity = ArgumentArity.OneOrMore };
    private readonly ShortcutRecipe _recipe = new();

    internal FuseVerb()
        : base(
            "fuse",
            "Fuses models of any architecture and vocabulary into one, over texts on which they meet.",
            "transfuse fuse models/base models/law models/medicine --corpus data/mixed.jsonl --steps 1000",
            "transfuse fuse models/base models/law --corpus data/mixed.jsonl --set fusion.label_weight=0.7 --print-recipe")
    {
        Add(_target);
        Add(_sources);
        _recipe.AddTo(this);
    }

    internal override int Run(ToolContext context, CancellationToken cancellation) => _recipe.Run(
        context,
        new FuseRecipe
        {
            Name = "fuse",
            Target = new TargetSection { Model = context.Arguments.GetRequiredValue(_target) },
            Sources = [.. context.Arguments.GetRequiredValue(_sources).Select(folder => new SourceSection { Model = folder })],
            Corpus = _recipe.Corpus(context),
            Train = _recipe.Training(context),
        },
        cancellation);
}
