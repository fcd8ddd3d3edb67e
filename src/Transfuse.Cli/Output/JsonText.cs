using System.Buffers;
using System.Text;

namespace Transfuse.Cli.Output;

/// <summary>Passes what a JSON writer produces on to a text writer piece by piece, so that a large result is never held as a whole.</summary>
internal sealed class JsonText(TextWriter output) : IBufferWriter<byte>
{
    private const int Size = 1 << 16;
    private readonly Decoder _decoder = Encoding.UTF8.GetDecoder();
    private byte[] _bytes = new byte[Size];
    private char[] _characters = new char[Size];

    /// <inheritdoc/>
    public void Advance(int count)
    {
        // A byte gives at most one UTF-16 unit; one more for what the decoder holds of a cut character.
        if (_characters.Length < count + 1)
        {
            _characters = new char[count + 1];
        }

        var length = _decoder.GetChars(_bytes.AsSpan(0, count), _characters, flush: false);
        output.Write(_characters.AsSpan(0, length));
    }

    /// <inheritdoc/>
    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        if (_bytes.Length < sizeHint)
        {
            _bytes = new byte[sizeHint];
        }

        return _bytes;
    }

    /// <inheritdoc/>
    public Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;
}
