using System.Text;

namespace Transfuse.Tokenization.ChatTemplates.Evaluation;

/// <summary>The text that is being made, and the texts of macros and blocks inside it.</summary>
internal sealed class RenderOutput(RenderBudget budget)
{
    private readonly Stack<StringBuilder> _outer = new();
    private readonly List<(int Start, int End)> _generations = [];
    private StringBuilder _current = new();
    private int _outerLength;

    /// <summary>Places of generation blocks in UTF-16 units.</summary>
    internal IReadOnlyList<(int Start, int End)> Generations => _generations;

    /// <summary>Length of the text so far, texts around it included.</summary>
    internal int Length => _outerLength + _current.Length;

    /// <summary>The text.</summary>
    public override string ToString() => _current.ToString();

    /// <summary>Adds to the text.</summary>
    internal void Write(string text)
    {
        budget.Size((long)_current.Length + text.Length, text.Length);
        _current.Append(text);
    }

    /// <summary>What an action writes, as a text of its own.</summary>
    internal string Capture(Action action)
    {
        _outer.Push(_current);
        _outerLength += _current.Length;
        _current = new StringBuilder();
        try
        {
            action();
            return _current.ToString();
        }
        finally
        {
            _current = _outer.Pop();
            _outerLength -= _current.Length;
        }
    }

    /// <summary>Notes a generation block that began at a length and ends here.</summary>
    internal void AddGeneration(int start) => _generations.Add((start, Length));
}
