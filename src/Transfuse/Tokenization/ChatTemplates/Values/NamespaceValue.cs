namespace Transfuse.Tokenization.ChatTemplates.Values;

/// <summary>Jinja's <c>namespace</c>: the one object whose attributes a template may set, so that a loop can carry values.</summary>
internal sealed class NamespaceValue
{
    /// <summary>The attributes.</summary>
    internal DictValue Attributes { get; } = new();
}
