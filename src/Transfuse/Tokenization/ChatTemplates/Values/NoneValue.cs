namespace Transfuse.Tokenization.ChatTemplates.Values;

/// <summary>Python's <c>None</c>.</summary>
/// <remarks>
/// Values of a template are objects: this, <see cref="bool"/>, <see cref="System.Numerics.BigInteger"/>, <see cref="double"/>,
/// <see cref="string"/>, <see cref="MarkupValue"/>, <see cref="SequenceValue"/>, <see cref="DictValue"/>, <see cref="DictView"/>, <see cref="RangeValue"/>,
/// <see cref="IteratorValue"/>, <see cref="NamespaceValue"/>, <see cref="Callable"/> and <see cref="Undefined"/>.
/// </remarks>
internal sealed class NoneValue
{
    /// <summary>The one value.</summary>
    internal static readonly NoneValue Value = new();

    private NoneValue()
    {
    }
}
