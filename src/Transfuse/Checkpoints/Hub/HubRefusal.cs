namespace Transfuse.Checkpoints.Hub;

/// <summary>What a refusal of the hub means, and what to do.</summary>
internal static class HubRefusal
{
    /// <summary>The words for a status.</summary>
    /// <param name="model">The model that was asked for.</param>
    /// <param name="options">Where and with what token.</param>
    /// <param name="status">HTTP status.</param>
    /// <param name="code">The hub's own code, or null.</param>
    /// <param name="path">The file that was asked for, or null.</param>
    internal static string Explain(HubModel model, HubOptions options, int status, string? code, string? path)
    {
        var page = $"{options.Endpoint.AbsoluteUri.TrimEnd('/')}/{model.Name}";
        var tokens = $"{options.Endpoint.AbsoluteUri.TrimEnd('/')}/settings/tokens";
        var isAnonymous = options.Token is null;
        return code switch
        {
            "GatedRepo" when isAnonymous => $"is gated: accept its conditions on {page}, then set HF_TOKEN to a token of that account ({tokens}).",
            "GatedRepo" => $"is gated, and the account of HF_TOKEN has not been let in: ask for access on {page}, or use the token of an account that has it.",
            "RevisionNotFound" => $"has no revision '{model.Revision}'. See the branches and tags on {page}.",
            "EntryNotFound" => $"has no file '{path}' in revision '{model.Revision}'.",
            _ => status switch
            {
                401 when isAnonymous => $"is not on the hub, or is private or gated. Check the name; for a private model set HF_TOKEN to a token that may read it ({tokens}).",
                401 => $"the hub does not take the token in HF_TOKEN, or does not show this model to it. Check the name, and make a new token on {tokens}.",
                403 => $"the token in HF_TOKEN may not read this model. Ask for access on {page}, or give the token the right to read it ({tokens}).",
                404 => $"is not on the hub at {options.Endpoint}, or is private. Check the name and the revision '{model.Revision}'.",
                _ => $"the hub answers with status {status}.",
            },
        };
    }
}
