using System.CommandLine;
using System.Text.Json.Nodes;
using Transfuse.Checkpoints.Hub;
using Transfuse.Cli.Errors;
using Transfuse.Cli.Hosting;
using Transfuse.Cli.Output;

namespace Transfuse.Cli.Commands;

/// <summary><c>pull</c>: fetches a model from the hub.</summary>
internal sealed class PullVerb : Verb
{
    private readonly Argument<string> _name = new("name") { Description = "Name on the hub: organisation/name, with @revision for a branch, tag or commit." };

    private readonly Option<string[]> _include = new("--include")
    {
        Description = "Patterns of files to fetch, such as '*Q4_K_M.gguf'; otherwise configuration, tokenizer, template and safetensors weights, or a GGUF file that is the only one. '*' is all.",
        HelpName = "glob",
        AllowMultipleArgumentsPerToken = true,
    };

    private readonly Option<string[]> _exclude = new("--exclude") { Description = "Patterns of files to leave out.", HelpName = "glob", AllowMultipleArgumentsPerToken = true };

    internal PullVerb()
        : base(
            "pull",
            "Fetches a model from the hub into the cache shared with other tools, checked and resumable, and tells its folder. "
            + "Heeds HF_ENDPOINT, HF_TOKEN, HF_HOME, HF_HUB_CACHE and HF_HUB_OFFLINE.",
            "transfuse pull HuggingFaceTB/SmolLM2-135M",
            "transfuse pull org/name-GGUF --include '*Q4_K_M.gguf'",
            "transfuse pull org/name@v1.0 --include '*.json' '*.safetensors' --exclude 'onnx/*'")
    {
        Add(_name);
        Add(_include);
        Add(_exclude);
    }

    internal override int Run(ToolContext context, CancellationToken cancellation)
    {
        var name = context.Arguments.GetRequiredValue(_name);
        if (!HubModel.TryParse(name, out var model))
        {
            throw new UsageException($"'{name}' is no name of a model on the hub; expected organisation/name or organisation/name@revision");
        }

        var selection = new HubSelection
        {
            Include = context.Arguments.GetValue(_include) is { Length: > 0 } include ? include : HubSelection.ModelFiles,
            Exclude = context.Arguments.GetValue(_exclude) ?? [],
        };
        var pull = ModelLocation.Pull(context, new ModelHub(HubEnvironment.Read(context)), model, selection, cancellation);
        context.Output.Result("transfuse.pull/1", () => ToJson(model, pull), () => Write(context.Output, pull), pull.Folder);
        return ExitCodes.Done;
    }

    private static JsonObject ToJson(HubModel model, HubPull pull) => new()
    {
        ["model"] = model.Name,
        ["revision"] = model.Revision,
        ["commit"] = pull.Commit,
        ["folder"] = pull.Folder,
        ["files"] = new JsonArray([.. pull.Files.Select(file => (JsonNode)new JsonObject { ["path"] = file.Path, ["bytes"] = file.Size })]),
        ["fetched_bytes"] = pull.FetchedBytes,
    };

    private static void Write(ToolOutput output, HubPull pull)
    {
        output.Line(pull.Folder);
        output.Note($"{pull.Files.Count} files of commit {pull.Commit[..12]}, {ProgressText.Bytes(pull.FetchedBytes)} fetched");
    }
}
