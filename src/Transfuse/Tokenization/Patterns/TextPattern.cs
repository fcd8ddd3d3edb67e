namespace Transfuse.Tokenization.Patterns;

/// <summary>Something that can be searched for in UTF-8 text. Immutable and thread safe.</summary>
internal abstract class TextPattern
{
    /// <summary>Finds the first match at or after <paramref name="from"/>; a match may be empty.</summary>
    /// <param name="text">The text; look-arounds see nothing beyond it.</param>
    /// <param name="from">Where to start.</param>
    /// <param name="start">First byte of the match.</param>
    /// <param name="end">Byte after the match.</param>
    public abstract bool Find(ReadOnlySpan<byte> text, int from, out int start, out int end);
}
