namespace Transfuse.Checkpoints.Hub;

/// <summary>Where the hub and its cache are, and how to fetch.</summary>
public sealed record HubOptions
{
    /// <summary>The public hub.</summary>
    public static readonly Uri PublicEndpoint = new("https://huggingface.co");

    /// <summary>Address of the hub.</summary>
    public Uri Endpoint { get; init; } = PublicEndpoint;

    /// <summary>Access token, or null. It is sent to the endpoint alone, never to a host that it redirects to.</summary>
    public string? Token { get; init; }

    /// <summary>The cache that all tools of the ecosystem share; holds <c>models--org--name</c> folders.</summary>
    public required string CacheFolder { get; init; }

    /// <summary>Whether nothing may be fetched.</summary>
    public bool IsOffline { get; init; }

    /// <summary>Files fetched at the same time.</summary>
    public int ParallelFiles { get; init; } = 4;

    /// <summary>How often a broken connection is tried again before it brings another byte.</summary>
    public int Retries { get; init; } = 5;

    /// <summary>Wait before the first new try; doubled for every further one.</summary>
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long the hub may stay silent.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>The clock of the waits.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;
}
