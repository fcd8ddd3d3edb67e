using System.CommandLine;
using Transfuse.Cli.Errors;
using Transfuse.Cli.Hosting;
using Transfuse.Recipes;

namespace Transfuse.Cli.Commands;

/// <summary><c>demo</c>: the main job on real text, without a download.</summary>
internal sealed class DemoVerb : Verb
{
    private const string Template = "demo";

    // The same experiment with fewer steps and smaller models.
    private static readonly string[] Quick =
    [
        "name=demo-quick", "sources.0.train.steps=90", "sources.1.train.steps=90", "sources.2.train.steps=90",
        "target.pretrain.steps=25", "train.steps=50", "corpus.limit=150",
    ];

    private readonly Option<bool> _quick = new("--quick") { Description = "Fewer steps, about a sixth of the time; a smaller gain." };
    private readonly RunOptions _options = new();

    internal DemoVerb()
        : base(
            "demo",
            "Fuses three small models of different architecture and vocabulary into a fourth, on the documentation that comes with every .NET SDK, and measures what arrived.",
            "transfuse demo",
            "transfuse demo --quick",
            "transfuse demo --seed 3 --json")
    {
        Add(_quick);
        _options.AddTo(this, takesOver: false);
    }

    internal override int Run(ToolContext context, CancellationToken cancellation)
    {
        var started = context.Environment.Time.GetTimestamp();
        var text = RecipeTemplates.Read(Template);
        var recipe = context.Settings.Apply(RecipeReader.Read(text, $"{Template}.yaml", context.Arguments.GetValue(_quick) ? Quick : []));
        var options = RunOptions.PipelineOf(context, context.Settings.Folder);
        var result = RunSession.Start(context, _options.Folder(context, recipe.Name), text, recipe, options, cancellation);
        RunResultView.Write(context, "transfuse.demo/1", recipe.Seed, result, context.Environment.Time.GetElapsedTime(started));
        context.Output.Note("Or:    transfuse init demo my.yaml   (this demo as a recipe of your own)");
        return ExitCodes.Done;
    }
}
