namespace Transfuse.Checkpoints.Hub;

/// <summary>What the hub says of a file before its content is fetched.</summary>
/// <param name="Hash">Names the content: SHA-256 of large files, git's SHA-1 of a blob for others.</param>
/// <param name="Size">Its bytes, or null if the hub does not say.</param>
/// <param name="Address">Where the hub gives it, by a redirect or at once.</param>
internal sealed record HubFileFacts(string Hash, long? Size, Uri Address);
