namespace Transfuse.Checkpoints.Hub;

/// <summary>What a pull brought.</summary>
/// <param name="Folder">The folder with the model's files.</param>
/// <param name="Commit">The commit that the revision is.</param>
/// <param name="Files">The selected files.</param>
/// <param name="FetchedBytes">Bytes that were not in the cache.</param>
public sealed record HubPull(string Folder, string Commit, IReadOnlyList<HubFile> Files, long FetchedBytes);
