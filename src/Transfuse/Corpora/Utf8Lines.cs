using System.Buffers;
using Transfuse.Errors;

namespace Transfuse.Corpora;

/// <summary>Lines of a UTF-8 file as bytes, in constant memory. A byte order mark is skipped; lines end with LF or CR LF.</summary>
internal static class Utf8Lines
{
    /// <summary>Longest line accepted, so that a hostile file cannot take all memory.</summary>
    public const int LongestLine = 256 << 20;

    private static ReadOnlySpan<byte> ByteOrderMark => [0xEF, 0xBB, 0xBF];

    /// <summary>Streams the lines; the bytes of a line are valid until the next one is asked for.</summary>
    /// <exception cref="CorpusException">The file cannot be read or a line is too long.</exception>
    public static IEnumerable<Utf8Line> Read(string path)
    {
        using var stream = Open(path);
        var buffer = ArrayPool<byte>.Shared.Rent(1 << 16);
        try
        {
            long number = 1, offset = 0;
            int start = 0, end = 0, searched = 0;
            while (true)
            {
                var newLine = buffer.AsSpan(searched, end - searched).IndexOf((byte)'\n');
                if (newLine >= 0)
                {
                    var length = searched + newLine - start;
                    yield return Line(buffer, start, length, number++, offset);
                    offset += length + 1;
                    searched = start += length + 1;
                    continue;
                }

                searched = end;
                Shift(path, number, ref buffer, ref start, ref end, ref searched);
                var read = ReadBlock(path, stream, buffer.AsSpan(end));
                end += read;
                if (read == 0)
                {
                    break;
                }
            }

            if (end > start)
            {
                yield return Line(buffer, start, end - start, number, offset);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static Utf8Line Line(byte[] buffer, int start, int length, long number, long offset)
    {
        var bytes = buffer.AsMemory(start, length);
        if (length > 0 && bytes.Span[^1] == '\r')
        {
            bytes = bytes[..^1];
        }

        if (number == 1 && bytes.Span.StartsWith(ByteOrderMark))
        {
            bytes = bytes[ByteOrderMark.Length..];
            offset += ByteOrderMark.Length;
        }

        return new Utf8Line(number, offset, bytes);
    }

    private static void Shift(string path, long number, ref byte[] buffer, ref int start, ref int end, ref int searched)
    {
        var kept = end - start;
        if (kept > LongestLine)
        {
            throw new CorpusException(
                path, $"line {number} is longer than {LongestLine >> 20} MiB. Split the text into smaller documents.");
        }

        var target = kept < buffer.Length / 2 ? buffer : ArrayPool<byte>.Shared.Rent(2 * buffer.Length);
        buffer.AsSpan(start, kept).CopyTo(target);
        if (target != buffer)
        {
            ArrayPool<byte>.Shared.Return(buffer);
            buffer = target;
        }

        (start, end, searched) = (0, kept, searched - start);
    }

    private static FileStream Open(string path)
    {
        try
        {
            return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, FileOptions.SequentialScan);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CorpusException(path, $"cannot be opened ({exception.Message}).", exception);
        }
    }

    private static int ReadBlock(string path, FileStream stream, Span<byte> destination)
    {
        try
        {
            return stream.Read(destination);
        }
        catch (IOException exception)
        {
            throw new CorpusException(path, $"cannot be read ({exception.Message}).", exception);
        }
    }
}
