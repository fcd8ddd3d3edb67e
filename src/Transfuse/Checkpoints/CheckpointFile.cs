using Microsoft.Win32.SafeHandles;
using Transfuse.Errors;

namespace Transfuse.Checkpoints;

/// <summary>Opens and reads files of weights, whatever their format; what goes wrong is an error that names the file.</summary>
internal static class CheckpointFile
{
    /// <summary>Opens a file and reads its head; the file is closed again if that fails.</summary>
    /// <param name="path">The file.</param>
    /// <param name="read">Makes the opened file, which takes ownership of the handle.</param>
    /// <exception cref="ModelFormatException">The file cannot be opened, or its head is not what it should be.</exception>
    internal static T Open<T>(string path, Func<SafeFileHandle, T> read)
    {
        ArgumentNullException.ThrowIfNull(path);
        SafeFileHandle file;
        try
        {
            file = File.OpenHandle(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new ModelFormatException(path, $"cannot be opened: {exception.Message}", exception);
        }

        try
        {
            return read(file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Finishes opening something; it is closed again if that fails.</summary>
    internal static T Opened<T>(T opened, Action<T> finish)
        where T : IDisposable
    {
        try
        {
            finish(opened);
            return opened;
        }
        catch
        {
            opened.Dispose();
            throw;
        }
    }

    /// <summary>Fills <paramref name="destination"/> from position <paramref name="offset"/>.</summary>
    /// <exception cref="ModelFormatException">The file ends too early or cannot be read.</exception>
    internal static void ReadExactly(SafeFileHandle file, string path, Span<byte> destination, long offset)
    {
        while (!destination.IsEmpty)
        {
            int read;
            try
            {
                read = RandomAccess.Read(file, destination, offset);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                throw new ModelFormatException(path, $"cannot be read at position {offset:N0}: {exception.Message}", exception);
            }

            if (read == 0)
            {
                throw new ModelFormatException(path, $"ends at position {offset:N0}, {destination.Length:N0} bytes too early; fetch it again.");
            }

            destination = destination[read..];
            offset += read;
        }
    }
}
