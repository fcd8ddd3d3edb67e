using Transfuse.Tokenization.Patterns;

namespace Transfuse.Tokenization.PreTokenizers;

/// <summary>Cuts at the matches of a pattern: <c>Split</c>, <c>Digits</c>, <c>Punctuation</c>, <c>WhitespaceSplit</c>, <c>CharDelimiterSplit</c>.</summary>
internal sealed class SplitPreTokenizer(TextPattern pattern, SplitBehavior behavior, bool invert) : PreTokenizer
{
    /// <inheritdoc/>
    public override void Apply(PieceList pieces) => pieces.Split(pattern, behavior, invert);
}
