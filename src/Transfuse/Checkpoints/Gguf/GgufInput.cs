using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;
using Transfuse.Errors;

namespace Transfuse.Checkpoints.Gguf;

/// <summary>Reads the head of a GGUF file in order. No length is believed before it was compared with what is left of the file.</summary>
internal sealed class GgufInput
{
    private const int BufferBytes = 1 << 16;
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
    private readonly SafeFileHandle _file;
    private readonly byte[] _buffer = new byte[BufferBytes];
    private long _bufferEnd;
    private int _next;
    private int _filled;

    internal GgufInput(SafeFileHandle file, string path)
    {
        _file = file;
        Path = path;
        Length = RandomAccess.GetLength(file);
    }

    /// <summary>The file, for errors.</summary>
    internal string Path { get; }

    /// <summary>Bytes of the file.</summary>
    internal long Length { get; }

    /// <summary>Position of the next byte.</summary>
    internal long Position => _bufferEnd - _filled + _next;

    /// <summary>Bytes that are left.</summary>
    internal long Rest => Length - Position;

    /// <summary>A count of things that take at least <paramref name="leastBytes"/> each.</summary>
    /// <exception cref="ModelFormatException">So many do not fit what is left of the file.</exception>
    internal int Count(string what, int leastBytes)
    {
        var position = Position;
        var count = Read<ulong>();
        return count <= (ulong)Math.Min(int.MaxValue / leastBytes, Rest / leastBytes)
            ? (int)count
            : throw new ModelFormatException(
                Path, $"claims {count:N0} {what} at position {position:N0}, which the {Rest:N0} bytes behind cannot hold. It is cut off or damaged; fetch it again.");
    }

    /// <summary>An unmanaged value, little-endian.</summary>
    internal T Read<T>()
        where T : unmanaged
    {
        Span<T> value = stackalloc T[1];
        ReadExactly(MemoryMarshal.AsBytes(value));
        return value[0];
    }

    /// <summary>A list of unmanaged values.</summary>
    internal T[] ReadList<T>(int count)
        where T : unmanaged
    {
        var values = new T[count];
        ReadExactly(MemoryMarshal.AsBytes(values.AsSpan()));
        return values;
    }

    /// <summary>u64 length, then UTF-8. What is no UTF-8 is an error in names; in values it is replaced.</summary>
    internal string Text(string what, int longest = int.MaxValue, bool isName = false)
    {
        var position = Position;
        var length = Count($"bytes of {what}", 1);
        if (length > longest)
        {
            throw new ModelFormatException(Path, $"has {what} of {length:N0} bytes at position {position:N0}; at most {longest} are allowed.");
        }

        byte[]? large = length > 256 ? new byte[length] : null;
        var bytes = large ?? stackalloc byte[length];
        ReadExactly(bytes);
        try
        {
            return isName ? Strict.GetString(bytes) : Encoding.UTF8.GetString(bytes);
        }
        catch (DecoderFallbackException exception)
        {
            throw new ModelFormatException(Path, $"has {what} at position {position:N0} that is no UTF-8. The file is damaged; fetch it again.", exception);
        }
    }

    private void ReadExactly(Span<byte> destination)
    {
        if (destination.Length > Rest)
        {
            throw new ModelFormatException(
                Path, $"ends at position {Length:N0}, but {destination.Length:N0} bytes are wanted from position {Position:N0}. It is cut off; fetch it again.");
        }

        while (!destination.IsEmpty)
        {
            if (_next == _filled)
            {
                _next = 0;
                _filled = (int)Math.Min(BufferBytes, Length - _bufferEnd);
                CheckpointFile.ReadExactly(_file, Path, _buffer.AsSpan(0, _filled), _bufferEnd);
                _bufferEnd += _filled;
            }

            var count = Math.Min(destination.Length, _filled - _next);
            _buffer.AsSpan(_next, count).CopyTo(destination);
            _next += count;
            destination = destination[count..];
        }
    }
}
