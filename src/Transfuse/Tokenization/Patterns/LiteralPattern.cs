namespace Transfuse.Tokenization.Patterns;

/// <summary>A fixed string; an empty one matches nothing.</summary>
internal sealed class LiteralPattern(byte[] literal) : TextPattern
{
    /// <inheritdoc/>
    public override bool Find(ReadOnlySpan<byte> text, int from, out int start, out int end)
    {
        var index = literal.Length == 0 ? -1 : text[from..].IndexOf(literal);
        start = index < 0 ? text.Length : from + index;
        end = index < 0 ? text.Length : start + literal.Length;
        return index >= 0;
    }
}
