namespace Transfuse.Artifacts;

/// <summary>A file that belongs to an artifact.</summary>
/// <param name="Name">Name relative to the artifact's folder, with forward slashes.</param>
/// <param name="Length">Length in bytes.</param>
/// <param name="Sha256">Hash of its bytes (<see cref="ContentHash"/>).</param>
public sealed record ManifestFile(string Name, long Length, string Sha256);
