using Microsoft.Win32.SafeHandles;
using Transfuse.Errors;

namespace Transfuse.Distributions;

/// <summary>Reads at positions of a store's file; thread safe.</summary>
internal sealed class StoreFileReader : IDisposable
{
    private readonly string _path;
    private readonly SafeFileHandle _handle;

    /// <summary>Opens the file.</summary>
    /// <exception cref="ArtifactException">It cannot be opened.</exception>
    public StoreFileReader(string path)
    {
        _path = path;
        try
        {
            _handle = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, FileOptions.RandomAccess);
            Length = RandomAccess.GetLength(_handle);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new ArtifactException(path, $"cannot be opened ({exception.Message}).", exception);
        }
    }

    /// <summary>Length of the file when it was opened.</summary>
    public long Length { get; }

    /// <summary>Fills <paramref name="destination"/> with the bytes at a position.</summary>
    /// <exception cref="ArtifactException">The file ends before or cannot be read.</exception>
    public void Read(long position, Span<byte> destination)
    {
        try
        {
            while (destination.Length > 0)
            {
                var read = RandomAccess.Read(_handle, destination, position);
                if (read == 0)
                {
                    throw new ArtifactException(
                        _path, $"ends at byte {position}, {destination.Length} bytes too early. It was cut off; capture it again.");
                }

                position += read;
                destination = destination[read..];
            }
        }
        catch (IOException exception)
        {
            throw new ArtifactException(_path, $"cannot be read at byte {position} ({exception.Message}).", exception);
        }
    }

    public void Dispose() => _handle.Dispose();
}
