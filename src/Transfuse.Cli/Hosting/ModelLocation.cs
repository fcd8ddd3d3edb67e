using Transfuse.Checkpoints.Hub;
using Transfuse.Errors;

namespace Transfuse.Cli.Hosting;

/// <summary>Where a model is that the user named: a path, or a name on the hub, whose files are pulled if they are not in the cache.</summary>
internal static class ModelLocation
{
    /// <summary>The path of a model. What exists as a path is that path; a name <c>org/name[@revision]</c> is looked for in the cache, then on the hub.</summary>
    /// <param name="context">Folder, environment, output.</param>
    /// <param name="argument">What the user named.</param>
    /// <param name="cancellation">Ends a pull; what has arrived stays.</param>
    /// <exception cref="InputException">There is no such path, and it is no hub's name, or one that is not in the cache and cannot be pulled.</exception>
    internal static string Find(ToolContext context, string argument, CancellationToken cancellation)
    {
        var path = context.Resolve(argument);
        if (Path.Exists(path))
        {
            return path;
        }

        if (!IsHubName(context, argument, out var model))
        {
            throw new InputException(argument, "there is no such file or folder.");
        }

        var options = HubEnvironment.Read(context);
        var hub = new ModelHub(options);
        if (hub.Cache.Find(model) is { } folder)
        {
            return folder;
        }

        if (options.IsOffline)
        {
            throw new InputException(
                argument, $"there is no such file or folder ({path}), no such model in the hub's cache ({options.CacheFolder}), and HF_HUB_OFFLINE is set. Fetch it online with 'transfuse pull {model}'.");
        }

        try
        {
            context.Output.Note($"{model} is pulled from {options.Endpoint}");
            return Pull(context, hub, model, new HubSelection(), cancellation).Folder;
        }
        catch (HubException exception)
        {
            throw new InputException(argument, $"there is no such file or folder ({path}), and as a name on the hub: {exception.Message}", exception);
        }
    }

    /// <summary>Pulls a model while progress is shown.</summary>
    internal static HubPull Pull(ToolContext context, ModelHub hub, HubModel model, HubSelection selection, CancellationToken cancellation) =>
        context.Output.WithProgress(progress => hub.PullAsync(model, selection, progress, cancellation).GetAwaiter().GetResult());

    /// <summary>Whether an argument is a hub's name that is in the cache, or that the hub can be asked for. The hub is not asked.</summary>
    internal static bool MayBeOnHub(ToolContext context, string argument) => IsHubName(context, argument, out var model)
        && HubEnvironment.Read(context) is var options && (!options.IsOffline || new HubCache(options.CacheFolder).Find(model) is not null);

    // models/a where models is a folder here is a path with a slip, not a name on the hub.
    private static bool IsHubName(ToolContext context, string argument, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out HubModel? model) =>
        HubModel.TryParse(argument, out model) && model.Name.Split('/') is [var organisation, _] && !Directory.Exists(context.Resolve(organisation));
}
