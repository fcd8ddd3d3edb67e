using System.CommandLine;
using System.Text.Json.Nodes;
using Transfuse.Cli.Commands.Inspection;
using Transfuse.Cli.Errors;
using Transfuse.Cli.Hosting;
using Transfuse.Cli.Output;

namespace Transfuse.Cli.Commands;

/// <summary><c>inspect</c>: what a file or folder is, and its sizes.</summary>
internal sealed class InspectVerb : Verb
{
    private readonly Argument<string> _path = new("path")
    {
        Description = "Model folder, name on the hub, adapter folder, .gguf or .safetensors file, tokenizer, distribution store, prepared corpus or run folder.",
    };

    internal InspectVerb()
        : base(
            "inspect",
            "Tells what a file or folder is: sizes, types, vocabulary, context, memory, state.",
            "transfuse inspect models/a",
            "transfuse inspect models/a/model.safetensors --json",
            "transfuse inspect a.gguf",
            "transfuse inspect runs/demo-1")
    {
        Add(_path);
    }

    internal override int Run(ToolContext context, CancellationToken cancellation)
    {
        var path = context.Arguments.GetRequiredValue(_path);
        var card = CardReader.Read(context, path, cancellation);
        context.Output.Result("transfuse.inspect/1", () => ToJson(path, card), () => Write(context.Output, path, card), card.Kind);
        return ExitCodes.Done;
    }

    private static JsonObject ToJson(string path, Card card)
    {
        var json = new JsonObject { ["kind"] = card.Kind, ["path"] = path };
        foreach (var (key, value) in card.Json)
        {
            json[key] = value?.DeepClone();
        }

        return json;
    }

    private static void Write(ToolOutput output, string path, Card card)
    {
        output.Line($"{path}: {card.Kind}");
        var width = card.Lines.Max(line => line.Label.Length);
        foreach (var (label, text) in card.Lines)
        {
            output.Line($"  {label.PadRight(width)}  {text}");
        }

        if (card.Table is { } table)
        {
            output.Table(table);
        }
    }
}
