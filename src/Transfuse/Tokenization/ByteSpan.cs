namespace Transfuse.Tokenization;

/// <summary>Where a token lies in the UTF-8 bytes of the original text. Tokens that stand for no text (BOS, EOS) have empty spans.</summary>
/// <param name="Start">First byte.</param>
/// <param name="End">Byte after the last.</param>
public readonly record struct ByteSpan(int Start, int End)
{
    /// <summary>Number of bytes.</summary>
    public int Length => End - Start;
}
