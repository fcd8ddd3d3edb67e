using System.Text;
using Transfuse.Errors;

namespace Transfuse.Corpora;

/// <summary>One line of a UTF-8 file, without its line end.</summary>
/// <param name="Number">Line number from 1.</param>
/// <param name="Offset">Byte offset in the file.</param>
/// <param name="Bytes">The bytes.</param>
internal readonly record struct Utf8Line(long Number, long Offset, ReadOnlyMemory<byte> Bytes)
{
    /// <summary>Whether the line has nothing but spaces and tabs.</summary>
    public bool IsBlank => Bytes.Span.IndexOfAnyExcept((byte)' ', (byte)'\t', (byte)'\r') < 0;

    /// <summary>The text of the line.</summary>
    /// <param name="path">File, for the message.</param>
    /// <exception cref="CorpusException">The bytes are no UTF-8.</exception>
    public string Decode(string path)
    {
        CheckUtf8(path);
        return Encoding.UTF8.GetString(Bytes.Span);
    }

    /// <summary>Throws with the position of the first byte that is no UTF-8.</summary>
    /// <exception cref="CorpusException">The bytes are no UTF-8.</exception>
    public void CheckUtf8(string path)
    {
        var bytes = Bytes.Span;
        if (System.Text.Unicode.Utf8.IsValid(bytes))
        {
            return;
        }

        var position = 0;
        while (Rune.DecodeFromUtf8(bytes[position..], out _, out var consumed) == System.Buffers.OperationStatus.Done)
        {
            position += consumed;
        }

        throw new CorpusException(
            path, $"line {Number}: byte {Offset + position} (0x{bytes[position]:X2}) is no valid UTF-8. "
            + "Convert the file to UTF-8, for example with iconv.");
    }
}
