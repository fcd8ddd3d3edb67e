using System.Text;
using Transfuse.Errors;

namespace Transfuse.Artifacts;

/// <summary>
/// A file that appears under its name only when it is complete: bytes go to <c>name.partial</c>, reach the disk, and the file is renamed.
/// Who disposes without <see cref="Commit"/> leaves the old file, if there was one, untouched.
/// </summary>
public sealed class AtomicFile : IDisposable
{
    /// <summary>Ending of the name while the file is being written.</summary>
    public const string PartialSuffix = ".partial";

    private readonly string _path;
    private readonly FileStream _stream;
    private bool _committed;

    private AtomicFile(string path, FileStream stream)
    {
        _path = path;
        _stream = stream;
    }

    /// <summary>Where to write. Owned by this object; flush whatever buffers it before <see cref="Commit"/>.</summary>
    public Stream Stream => _stream;

    /// <summary>Begins a file; missing folders are created, a partial file of an interrupted run is overwritten.</summary>
    /// <exception cref="ArtifactException">The file cannot be created.</exception>
    public static AtomicFile Create(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return Guard(path, () =>
        {
            var full = Path.GetFullPath(path);
            Directory.CreateDirectory(Path.GetDirectoryName(full)!);
            var stream = new FileStream(full + PartialSuffix, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 1 << 16);
            return new AtomicFile(full, stream);
        });
    }

    /// <summary>
    /// Writes a whole file through <paramref name="write"/>; if that throws, nothing changes under <paramref name="path"/>.
    /// </summary>
    /// <exception cref="ArtifactException">The file cannot be written.</exception>
    public static void Write(string path, Action<Stream> write)
    {
        ArgumentNullException.ThrowIfNull(write);
        using var file = Create(path);
        write(file.Stream);
        file.Commit();
    }

    /// <summary>Writes a whole file of the given bytes.</summary>
    /// <exception cref="ArtifactException">The file cannot be written.</exception>
    public static void Write(string path, ReadOnlySpan<byte> bytes)
    {
        using var file = Create(path);
        file.Stream.Write(bytes);
        file.Commit();
    }

    /// <summary>Writes a whole file of text in UTF-8 without byte order mark.</summary>
    /// <exception cref="ArtifactException">The file cannot be written.</exception>
    public static void Write(string path, string text) => Write(path, Encoding.UTF8.GetBytes(text));

    /// <summary>Brings everything to the disk and gives the file its name. Ends the writing.</summary>
    /// <exception cref="ArtifactException">The file cannot be written.</exception>
    public void Commit()
    {
        ObjectDisposedException.ThrowIf(_committed, this);
        Guard(_path, () =>
        {
            _stream.Flush(flushToDisk: true);
            _stream.Dispose();
            File.Move(_path + PartialSuffix, _path, overwrite: true);
            return true;
        });
        _committed = true;
    }

    /// <summary>Closes the file; without <see cref="Commit"/> what was written is deleted.</summary>
    public void Dispose()
    {
        if (_committed)
        {
            return;
        }

        try
        {
            _stream.Dispose();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Disposal must not hide the fault that led here.
        }

        DeletePartial(_path);
    }

    /// <summary>Removes what was written of a file; one that cannot be removed is overwritten by the next attempt.</summary>
    internal static void DeletePartial(string path)
    {
        try
        {
            File.Delete(path + PartialSuffix);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Whoever cleans up after a fault must not hide it.
        }
    }

    /// <summary>Does something to a file that is being written; faults of the system become <see cref="CannotWrite"/>.</summary>
    internal static T Guard<T>(string path, Func<T> action)
    {
        try
        {
            return action();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw CannotWrite(path, exception);
        }
    }

    /// <summary>The error that a file cannot be written.</summary>
    internal static ArtifactException CannotWrite(string path, Exception reason) => new(
        path, $"cannot be written ({reason.Message}). Check the folder's permissions and the free space on the disk.", reason);
}
