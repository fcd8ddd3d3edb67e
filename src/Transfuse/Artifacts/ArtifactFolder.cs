using System.Collections.Immutable;
using Transfuse.Errors;

namespace Transfuse.Artifacts;

/// <summary>
/// A folder of files with a <see cref="Transfuse.Artifacts.Manifest"/>, which is written last: a folder with manifest is complete.
/// </summary>
public sealed class ArtifactFolder
{
    private ArtifactFolder(string path, Manifest manifest)
    {
        FolderPath = path;
        Manifest = manifest;
    }

    /// <summary>Path of the folder.</summary>
    public string FolderPath { get; }

    /// <summary>What the artifact is.</summary>
    public Manifest Manifest { get; }

    /// <summary>Hash of the manifest, and through it of everything in the folder.</summary>
    public string Hash => ContentHash.OfBytes(Manifest.ToJson());

    /// <summary>Whether the folder holds a finished artifact.</summary>
    public static bool IsComplete(string path) => File.Exists(Path.Combine(path, Manifest.FileName));

    /// <summary>Opens a finished artifact: reads the manifest and checks that every file is there with its length.</summary>
    /// <param name="path">The folder.</param>
    /// <param name="kind">Kind that the caller expects.</param>
    /// <param name="formatVersion">Newest version that the caller reads.</param>
    /// <exception cref="ArtifactException">The artifact is missing, incomplete, damaged or of another kind.</exception>
    public static ArtifactFolder Open(string path, string kind, int formatVersion)
    {
        var folder = new ArtifactFolder(path, Manifest.Read(path, kind, formatVersion));
        foreach (var file in folder.Manifest.Files)
        {
            folder.CheckLength(file);
        }

        return folder;
    }

    /// <summary>Finishes an artifact: hashes its files and writes the manifest.</summary>
    /// <param name="path">The folder.</param>
    /// <param name="manifest">The manifest; its <see cref="Manifest.Files"/> are filled in here.</param>
    /// <param name="names">Names of the files, relative to the folder.</param>
    /// <exception cref="InputException">A file cannot be read, or the manifest cannot be written.</exception>
    public static ArtifactFolder Seal(string path, Manifest manifest, params IEnumerable<string> names)
    {
        ArgumentNullException.ThrowIfNull(manifest);
        ArgumentNullException.ThrowIfNull(names);
        var files = names.Order(StringComparer.Ordinal)
            .Select(name => (Name: name, Path: Locate(path, name)))
            .Select(file => new ManifestFile(file.Name, new FileInfo(file.Path).Length, ContentHash.OfFile(file.Path)))
            .ToImmutableArray();
        var sealedManifest = manifest with { Files = files };
        sealedManifest.Write(path);
        return new ArtifactFolder(path, sealedManifest);
    }

    /// <summary>Path of a file that the manifest lists.</summary>
    /// <exception cref="ArtifactException">The manifest lists no such file.</exception>
    public string PathOf(string name) => Locate(FolderPath, Entry(name).Name);

    /// <summary>The manifest's entry of a file.</summary>
    /// <exception cref="ArtifactException">The manifest lists no such file.</exception>
    public ManifestFile Entry(string name) =>
        Manifest.Files.FirstOrDefault(file => string.Equals(file.Name, name, StringComparison.Ordinal))
        ?? throw new ArtifactException(
            FolderPath, $"lists no file '{name}' in its manifest. It is of another version or damaged; make it again.");

    /// <summary>Hashes every file and compares with the manifest.</summary>
    /// <exception cref="ArtifactException">A file was altered.</exception>
    public void Verify(CancellationToken cancellation = default)
    {
        foreach (var file in Manifest.Files)
        {
            cancellation.ThrowIfCancellationRequested();
            CheckLength(file);
            var path = Locate(FolderPath, file.Name);
            var hash = ContentHash.OfFile(path);
            if (!string.Equals(hash, file.Sha256, StringComparison.Ordinal))
            {
                throw new ArtifactException(
                    path, $"has the hash {hash}, the manifest says {file.Sha256}. The file was altered; make the artifact again.");
            }
        }
    }

    /// <summary>
    /// Whether a name stays inside the folder on every system: relative, forward slashes, no <c>..</c>, no drive, no stream.
    /// </summary>
    internal static bool IsSafeName(string name) =>
        name.Length is > 0 and < 256
        && name.IndexOfAny(['\\', ':', '\0']) < 0
        && name.Split('/').All(part => part is not ("" or "." or ".."));

    private static string Locate(string folder, string name) =>
        IsSafeName(name)
            ? Path.Combine(folder, name)
            : throw new ArtifactException(folder, $"would contain a file '{name}' outside itself. Use plain relative names.");

    private void CheckLength(ManifestFile file)
    {
        var path = Locate(FolderPath, file.Name);
        var info = new FileInfo(path);
        if (!info.Exists)
        {
            throw new ArtifactException(path, "is missing, but the manifest lists it. Copy the whole folder or make the artifact again.");
        }

        if (info.Length != file.Length)
        {
            throw new ArtifactException(
                path, $"has {info.Length} bytes, the manifest says {file.Length}. "
                + "The file was cut off or altered; make the artifact again.");
        }
    }
}
