namespace Transfuse.Checkpoints.Hub;

/// <summary>A file of a model on the hub.</summary>
/// <param name="Path">Its path in the model's folder, with slashes.</param>
/// <param name="Size">Its bytes, or null if the hub does not say.</param>
public sealed record HubFile(string Path, long? Size);
