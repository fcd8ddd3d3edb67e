namespace Transfuse.Tokenization.Text;

/// <summary>A stretch of an aligned text.</summary>
/// <param name="Text">The text.</param>
/// <param name="Start">First byte.</param>
/// <param name="End">Byte after the last.</param>
internal readonly record struct TextSlice(AlignedText Text, int Start, int End)
{
    /// <summary>Number of bytes.</summary>
    public int Length => End - Start;

    /// <summary>The bytes.</summary>
    public ReadOnlySpan<byte> Span => Text.Bytes.AsSpan(Start, Length);
}
