namespace Transfuse.Tokenization;

/// <summary>Encodes pieces with buffers of its own; not thread safe.</summary>
internal abstract class ModelWorker
{
    /// <summary>Appends the tokens of a piece.</summary>
    /// <param name="piece">UTF-8 bytes of the piece, not empty.</param>
    /// <param name="offset">Where the piece lies in its text; positions in <paramref name="tokens"/> are relative to the text.</param>
    /// <param name="tokens">Receives the tokens.</param>
    public abstract void Encode(ReadOnlySpan<byte> piece, int offset, TokenList tokens);
}
