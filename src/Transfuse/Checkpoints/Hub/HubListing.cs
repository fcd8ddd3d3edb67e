namespace Transfuse.Checkpoints.Hub;

/// <summary>What a revision of a model holds.</summary>
/// <param name="Commit">The commit that the revision is now.</param>
/// <param name="Files">Its files.</param>
internal sealed record HubListing(string Commit, IReadOnlyList<HubFile> Files);
