using System.Numerics;
using Transfuse.Tokenization.ChatTemplates.Values;

namespace Transfuse.Tokenization.ChatTemplates.Evaluation;

/// <summary>The variable <c>loop</c> inside a loop.</summary>
/// <param name="items">All items of the loop.</param>
/// <param name="depth">Depth of a recursive loop, from 0.</param>
/// <param name="recurse">Runs the loop on other items and gives its text, or null for a loop that is not recursive.</param>
internal sealed class LoopValue(object[] items, int depth, Func<object, object>? recurse)
{
    private IReadOnlyList<object>? _lastChange;

    /// <summary>Place of the current item, from 0.</summary>
    internal int Index { get; set; }

    /// <summary>Number of items.</summary>
    internal int Length => items.Length;

    /// <summary>An attribute, or null.</summary>
    internal object? Attribute(string name) => name switch
    {
        "index" => new BigInteger(Index + 1),
        "index0" => new BigInteger(Index),
        "revindex" => new BigInteger(Length - Index),
        "revindex0" => new BigInteger(Length - Index - 1),
        "first" => Index == 0,
        "last" => Index == Length - 1,
        "length" => new BigInteger(Length),
        "depth" => new BigInteger(depth + 1),
        "depth0" => new BigInteger(depth),
        "previtem" => Index > 0 ? items[Index - 1] : new Undefined("there is no previous item"),
        "nextitem" => Index < Length - 1 ? items[Index + 1] : new Undefined("there is no next item"),
        "cycle" => new Callable("method", "cycle", arguments => arguments.Positional.Count > 0
            ? arguments.Positional[Index % arguments.Positional.Count]
            : throw TemplateFault.Type("no items for cycling given")),
        "changed" => new Callable("method", "changed", arguments => Changed(arguments.Positional)),
        _ => null,
    };

    /// <summary>Runs the loop on other items, such as an item's children.</summary>
    internal object Recurse(object children) => recurse is null
        ? throw TemplateFault.Type("The loop must have the 'recursive' marker to be called recursively.")
        : recurse(children);

    private bool Changed(IReadOnlyList<object> values)
    {
        var changed = _lastChange is null || _lastChange.Count != values.Count || !_lastChange.Zip(values).All(pair => PythonComparison.AreEqual(pair.First, pair.Second));
        _lastChange = values;
        return changed;
    }
}
