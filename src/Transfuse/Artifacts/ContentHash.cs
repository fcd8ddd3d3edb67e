using System.Security.Cryptography;
using System.Text;
using Transfuse.Errors;

namespace Transfuse.Artifacts;

/// <summary>SHA-256 as 64 lower-case hexadecimal digits: the name by which artifacts refer to what they were made from.</summary>
public static class ContentHash
{
    /// <summary>Number of characters of a hash.</summary>
    public const int Length = 2 * SHA256.HashSizeInBytes;

    /// <summary>Hash of bytes.</summary>
    public static string OfBytes(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));

    /// <summary>Hash of a text's UTF-8 bytes.</summary>
    public static string OfText(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return OfBytes(Encoding.UTF8.GetBytes(text));
    }

    /// <summary>Hash of a stream from its position to its end.</summary>
    public static string OfStream(Stream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        return Convert.ToHexStringLower(SHA256.HashData(stream));
    }

    /// <summary>Hash of a file's bytes.</summary>
    /// <exception cref="InputException">The file is missing or unreadable.</exception>
    public static string OfFile(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        try
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16, FileOptions.SequentialScan);
            return OfStream(stream);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new InputException(path, $"cannot be read ({exception.Message}). Check that the file exists and may be read.", exception);
        }
    }

    /// <summary>Whether a text has the form of a hash.</summary>
    public static bool IsWellFormed(string? text) =>
        text is { Length: Length } && text.All(character => character is (>= '0' and <= '9') or (>= 'a' and <= 'f'));
}
