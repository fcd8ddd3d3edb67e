using System.Security.Cryptography;
using System.Text;
using Transfuse.Artifacts;
using Transfuse.Errors;

namespace Transfuse.Checkpoints.Hub;

/// <summary>
/// The cache that the ecosystem's tools share: in <c>models--org--name</c>, <c>blobs</c> holds contents by hash, <c>refs</c> the commit of each
/// revision, and <c>snapshots/COMMIT</c> links from the model's paths to contents.
/// </summary>
public sealed class HubCache
{
    private const int CopyBuffer = 1 << 20;
    private readonly string _root;

    /// <summary>The cache in a folder, which need not be there.</summary>
    public HubCache(string folder)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        _root = Path.GetFullPath(folder);
    }

    /// <summary>The folder of a model's revision that was pulled before, or null.</summary>
    public string? Find(HubModel model)
    {
        ArgumentNullException.ThrowIfNull(model);
        var commit = IsCommit(model.Revision) ? model.Revision : ReadReference(model);
        return commit is not null && Snapshot(model, commit) is var folder && Directory.Exists(folder) ? folder : null;
    }

    /// <summary>The folder of a model.</summary>
    internal string Folder(HubModel model) => Path.Combine(_root, "models--" + model.Name.Replace("/", "--", StringComparison.Ordinal));

    /// <summary>The folder of a commit of a model.</summary>
    internal string Snapshot(HubModel model, string commit) => Path.Combine(Folder(model), "snapshots", commit);

    /// <summary>The file of a content.</summary>
    internal string Blob(HubModel model, string hash) => Path.Combine(Folder(model), "blobs", hash);

    /// <summary>Whether a text is a full commit hash.</summary>
    internal static bool IsCommit(string text) => text.Length == 40 && text.All(char.IsAsciiHexDigitLower);

    /// <summary>Notes which commit a revision is.</summary>
    internal void WriteReference(HubModel model, string commit)
    {
        if (IsCommit(model.Revision))
        {
            return;
        }

        var path = ReferencePath(model);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        AtomicFile.Write(path, commit);
    }

    /// <summary>Gives a content its path in a snapshot: a relative link, or a copy where the file system has no links.</summary>
    internal void Link(HubModel model, string commit, string path, string hash)
    {
        var target = Path.Combine(Snapshot(model, commit), path.Replace('/', Path.DirectorySeparatorChar));
        var blob = Blob(model, hash);
        Directory.CreateDirectory(Path.GetDirectoryName(target)!);
        var link = Path.GetRelativePath(Path.GetDirectoryName(target)!, blob);
        if (new FileInfo(target) is { LinkTarget: { } present } && string.Equals(present, link, StringComparison.Ordinal))
        {
            return;
        }

        File.Delete(target);
        try
        {
            File.CreateSymbolicLink(target, link);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or PlatformNotSupportedException)
        {
            File.Copy(blob, target + ".partial", overwrite: true);
            File.Move(target + ".partial", target, overwrite: true);
        }
    }

    /// <summary>Whether a file's content has the hash that names it: SHA-256, or git's SHA-1 of a blob. A hash of another kind cannot be checked.</summary>
    internal static bool HasHash(string file, string hash)
    {
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.Read, CopyBuffer);
        using var algorithm = hash.Length switch
        {
            64 => IncrementalHash.CreateHash(HashAlgorithmName.SHA256),
#pragma warning disable CA5350 // git names its blobs by SHA-1
            40 => IncrementalHash.CreateHash(HashAlgorithmName.SHA1),
#pragma warning restore CA5350
            _ => null,
        };
        if (algorithm is null)
        {
            return true;
        }

        if (hash.Length == 40)
        {
            algorithm.AppendData(Encoding.ASCII.GetBytes($"blob {stream.Length}\0"));
        }

        var buffer = new byte[CopyBuffer];
        for (var count = stream.Read(buffer); count > 0; count = stream.Read(buffer))
        {
            algorithm.AppendData(buffer.AsSpan(0, count));
        }

        return string.Equals(Convert.ToHexStringLower(algorithm.GetHashAndReset()), hash, StringComparison.OrdinalIgnoreCase);
    }

    private string ReferencePath(HubModel model) => Path.Combine([Folder(model), "refs", .. model.Revision.Split('/')]);

    private string? ReadReference(HubModel model)
    {
        var path = ReferencePath(model);
        try
        {
            return File.Exists(path) && new FileInfo(path).Length < 1024 && File.ReadAllText(path).Trim() is var commit && IsCommit(commit) ? commit : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new InputException(path, $"the hub's cache cannot be read: {exception.Message}", exception);
        }
    }
}
