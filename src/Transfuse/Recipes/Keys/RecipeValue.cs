using System.Text.Json.Nodes;
using Transfuse.Recipes.Reading;

namespace Transfuse.Recipes.Keys;

/// <summary>A kind of value that a key can have: how it is read, written and described. One object serves reader, reference and schema.</summary>
/// <typeparam name="TValue">The type in the record.</typeparam>
internal abstract class RecipeValue<TValue>
{
    /// <summary>The kind in words: <c>whole number</c>, <c>list of text</c>.</summary>
    internal abstract string TypeName { get; }

    /// <summary>The values allowed, in words, or null where all are.</summary>
    internal virtual string? Range => null;

    /// <summary>The section that holds the keys below this one, or null.</summary>
    internal virtual ISectionSchema? Section => null;

    /// <summary>Whether the value is a list, so that keys below it are numbered.</summary>
    internal virtual bool IsList => false;

    /// <summary>Reads a node; where it does not fit, adds a problem and answers false.</summary>
    internal abstract bool TryRead(RecipeNode node, string path, ReadContext context, out TValue value);

    /// <summary>The value as YAML on one line, or null for a value that needs lines of its own.</summary>
    internal abstract string? Format(TValue value);

    /// <summary>Writes a value that needs lines of its own, below its key.</summary>
    internal virtual void WriteBlock(ResolvedWriter writer, TValue value, int indent) =>
        throw new NotSupportedException($"A {TypeName} is written on one line.");

    /// <summary>The JSON schema of the value.</summary>
    internal abstract JsonObject ToJsonSchema();

    /// <summary>Adds the problem "expected …, found …" for a node of a wrong form.</summary>
    private protected static bool Refuse(RecipeNode node, string path, ReadContext context, string expected, string? suggestion = null)
    {
        context.Problems.Add(node.Position, path, $"'{path}' must be {expected}, found {node.Describe()}", suggestion);
        return false;
    }
}
