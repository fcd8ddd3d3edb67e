namespace Transfuse.Tokenization.ChatTemplates.Values;

/// <summary>Jinja's <c>cycler</c>: gives its items in turn.</summary>
internal sealed class CycleValue(IReadOnlyList<object> items)
{
    private int _position;

    /// <summary>The item that comes next.</summary>
    internal object Current => items[_position];

    /// <summary>Gives the current item and moves on.</summary>
    internal object Next()
    {
        var current = Current;
        _position = (_position + 1) % items.Count;
        return current;
    }

    /// <summary>Begins again.</summary>
    internal void Reset() => _position = 0;
}
