using Transfuse.Checkpoints.Hub;
using Transfuse.Cli.Errors;

namespace Transfuse.Cli.Hosting;

/// <summary>What the environment says of the hub, in the variables that the ecosystem's tools share.</summary>
internal static class HubEnvironment
{
    /// <summary>Reads HF_ENDPOINT, HF_TOKEN, HF_HOME, HF_HUB_CACHE and HF_HUB_OFFLINE.</summary>
    /// <exception cref="UsageException">HF_ENDPOINT is no address.</exception>
    internal static HubOptions Read(ToolContext context)
    {
        string? Variable(string name) => context.Environment.Variable(name) is { Length: > 0 } value ? value.Trim() : null;
        var home = context.Resolve(Variable("HF_HOME") ?? Path.Combine(CacheHome(Variable), "huggingface"));
        return new HubOptions
        {
            Endpoint = Endpoint(Variable("HF_ENDPOINT")),
            Token = Variable("HF_TOKEN") ?? Variable("HUGGING_FACE_HUB_TOKEN") ?? ReadToken(context.Resolve(Variable("HF_TOKEN_PATH") ?? Path.Combine(home, "token"))),
            CacheFolder = context.Resolve(Variable("HF_HUB_CACHE") ?? Variable("HUGGINGFACE_HUB_CACHE") ?? Path.Combine(home, "hub")),
            IsOffline = Variable("HF_HUB_OFFLINE")?.ToUpperInvariant() is "1" or "TRUE" or "YES" or "ON",
            Clock = context.Environment.Time,
        };
    }

    private static string CacheHome(Func<string, string?> variable) => variable("XDG_CACHE_HOME")
        ?? Path.Combine(variable("HOME") ?? variable("USERPROFILE") ?? throw new UsageException("no home folder is known", "Set HF_HOME to the folder of the hub's cache."), ".cache");

    private static Uri Endpoint(string? text)
    {
        if (text is null)
        {
            return HubOptions.PublicEndpoint;
        }

        return Uri.TryCreate(text, UriKind.Absolute, out var address) && address.Scheme is "http" or "https"
            ? address
            : throw new UsageException($"HF_ENDPOINT must be an address such as {HubOptions.PublicEndpoint}, found '{text}'");
    }

    private static string? ReadToken(string path)
    {
        try
        {
            return File.Exists(path) && File.ReadAllText(path).Trim() is { Length: > 0 and < 1024 } token ? token : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
