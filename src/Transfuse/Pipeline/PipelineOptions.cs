namespace Transfuse.Pipeline;

/// <summary>How a recipe is carried out on this machine; nothing here changes what the result means.</summary>
public sealed record PipelineOptions
{
    /// <summary>Folder that paths in the recipe start from.</summary>
    public required string BaseFolder { get; init; }

    /// <summary>Places to look for a .NET SDK, for corpora of its documentation.</summary>
    public IReadOnlyList<string> SdkPlaces { get; init; } = [];

    /// <summary>Name and version of the program, for manifests.</summary>
    public required string CreatedBy { get; init; }

    /// <summary>Folder of other runs whose finished stages may be taken over where inputs and parameters are equal; null takes none.</summary>
    public string? ReuseFrom { get; init; }

    /// <summary>Clock for rates and heartbeats.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}
