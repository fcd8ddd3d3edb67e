namespace Transfuse.Tokenization.Patterns;

/// <summary>Syntax tree of a regular expression.</summary>
internal abstract record RegexNode
{
    /// <summary>One scalar of a set.</summary>
    public sealed record Scalar(ScalarSet Set) : RegexNode;

    /// <summary>One after the other.</summary>
    public sealed record Concatenation(IReadOnlyList<RegexNode> Parts) : RegexNode;

    /// <summary>The first that leads to a match.</summary>
    public sealed record Alternation(IReadOnlyList<RegexNode> Choices) : RegexNode;

    /// <summary>Between Minimum and Maximum times; Maximum is int.MaxValue if unbounded.</summary>
    public sealed record Repetition(RegexNode Body, int Minimum, int Maximum, bool Lazy) : RegexNode;

    /// <summary>A group whose match can be referred to.</summary>
    public sealed record Capture(RegexNode Body, int Number) : RegexNode;

    /// <summary>A group that is not tried again once it has matched (also possessive quantifiers).</summary>
    public sealed record Atomic(RegexNode Body) : RegexNode;

    /// <summary>Looks ahead or behind without consuming.</summary>
    public sealed record Look(RegexNode Body, bool Behind, bool Negative) : RegexNode;

    /// <summary>What a group matched before.</summary>
    public sealed record Reference(int Number) : RegexNode;

    /// <summary>A condition on the position.</summary>
    public sealed record Assertion(RegexAssertion Kind) : RegexNode;
}
