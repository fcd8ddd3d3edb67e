using Microsoft.Win32.SafeHandles;

namespace Transfuse.Artifacts;

/// <summary>An <see cref="AtomicFile"/> that is written at any position: a file of tensors, whose places are known before their values.</summary>
internal sealed class AtomicRandomFile : IDisposable
{
    private const int NoSpaceLeft = 28;
    private readonly string _path;
    private readonly SafeFileHandle _file;
    private bool _committed;

    private AtomicRandomFile(string path, SafeFileHandle file)
    {
        _path = path;
        _file = file;
    }

    /// <summary>Begins a file of <paramref name="length"/> zero bytes; a partial file of an interrupted run is overwritten.</summary>
    /// <exception cref="Errors.ArtifactException">The file cannot be created, or the disk has no room for it.</exception>
    internal static AtomicRandomFile Create(string path, long length) => AtomicFile.Guard(path, () =>
    {
        var full = Path.GetFullPath(path);
        var file = Open(full + AtomicFile.PartialSuffix, length);
        RandomAccess.SetLength(file, length);
        return new AtomicRandomFile(full, file);
    });

    // Room is taken at once, so that a full disk shows before the work and not after it. The framework reports that without the system's code.
    private static SafeFileHandle Open(string partial, long length)
    {
        try
        {
            return File.OpenHandle(partial, FileMode.Create, FileAccess.Write, FileShare.None, FileOptions.None, preallocationSize: length);
        }
        catch (IOException exception) when (Path.GetDirectoryName(partial) is { } folder && Directory.Exists(folder) && new DriveInfo(folder).AvailableFreeSpace < length)
        {
            throw new IOException(exception.Message, NoSpaceLeft);
        }
    }

    /// <summary>Writes bytes at a position.</summary>
    /// <exception cref="Errors.ArtifactException">The file cannot be written.</exception>
    internal void Write(ReadOnlySpan<byte> bytes, long position)
    {
        try
        {
            RandomAccess.Write(_file, bytes, position);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw AtomicFile.CannotWrite(_path, exception);
        }
    }

    /// <summary>Brings everything to the disk and gives the file its name. Ends the writing.</summary>
    /// <exception cref="Errors.ArtifactException">The file cannot be written.</exception>
    internal void Commit()
    {
        AtomicFile.Guard(_path, () =>
        {
            RandomAccess.FlushToDisk(_file);
            _file.Dispose();
            File.Move(_path + AtomicFile.PartialSuffix, _path, overwrite: true);
            return true;
        });
        _committed = true;
    }

    /// <summary>Closes the file; without <see cref="Commit"/> what was written is deleted.</summary>
    public void Dispose()
    {
        _file.Dispose();
        if (!_committed)
        {
            AtomicFile.DeletePartial(_path);
        }
    }
}
