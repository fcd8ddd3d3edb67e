using System.CommandLine;
using Transfuse.Adapters;
using Transfuse.Errors;
using Transfuse.Models;
using Transfuse.Models.Conversion;
using Transfuse.Tensors.Devices;

namespace Transfuse.Cli.Hosting;

/// <summary>The option that names adapters to merge into a model.</summary>
internal sealed class AdapterFlag
{
    private readonly Option<string[]> _option = new("--adapter")
    {
        Description = "Folder of a LoRA adapter to merge into the model; several are merged in turn.",
        HelpName = "folder",
    };

    internal void AddTo(Command command) => command.Add(_option);

    /// <summary>The folders.</summary>
    /// <exception cref="InputException">One holds no adapter.</exception>
    internal IReadOnlyList<string> Read(ToolContext context, CancellationToken cancellation) =>
        [.. (context.Arguments.GetValue(_option) ?? []).Select(name => Find(context, name, cancellation))];

    /// <summary>Loads a model with the adapters merged into it; the caller disposes it before the device.</summary>
    internal LanguageModel Load(ToolContext context, string model, Device device, CancellationToken cancellation) =>
        AdapterMerge.Load(model, Read(context, cancellation), device);

    private static string Find(ToolContext context, string name, CancellationToken cancellation)
    {
        var folder = context.ResolveModel(name, cancellation);
        return File.Exists(Path.Combine(folder, LoraConfigFile.FileName))
            ? folder
            : throw new InputException(name, $"is no folder of an adapter: {LoraConfigFile.FileName} is not there.");
    }
}
