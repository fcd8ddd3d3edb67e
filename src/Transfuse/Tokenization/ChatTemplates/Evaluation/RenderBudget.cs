using System.Globalization;

namespace Transfuse.Tokenization.ChatTemplates.Evaluation;

/// <summary>Counts what a rendering does, and ends one that does too much.</summary>
internal sealed class RenderBudget(ChatTemplateLimits limits, CancellationToken cancellation)
{
    private const int CheckInterval = 4096;
    private const int UnitsPerStep = 16;
    private long _left = limits.Steps;
    private long _nextCheck = limits.Steps;
    private int _depth;

    /// <summary>Most characters or items of a value.</summary>
    internal int MaxLength => limits.Length;

    /// <summary>Counts work.</summary>
    internal void Step(long count = 1)
    {
        _left -= count;
        if (_left <= _nextCheck)
        {
            _nextCheck = _left - CheckInterval;
            cancellation.ThrowIfCancellationRequested();
            if (_left < 0)
            {
                throw Over("steps", limits.Steps);
            }
        }
    }

    /// <summary>Counts the making of a value of many characters or items, before it is made.</summary>
    internal void Size(long count) => Size(count, count);

    /// <summary>Counts the growth of a value that will have <paramref name="count"/> characters or items.</summary>
    internal void Size(long count, long added)
    {
        if (count > limits.Length)
        {
            throw Over("characters or items in one value", limits.Length);
        }

        Step(1 + (added / UnitsPerStep));
    }

    /// <summary>A text of bounded length.</summary>
    internal string Sized(string text)
    {
        Size(text.Length);
        return text;
    }

    /// <summary>Enters a call; every call must be left.</summary>
    internal void Enter()
    {
        if (++_depth > limits.Depth)
        {
            throw new TemplateFault("RecursionError", $"maximum recursion depth exceeded ({limits.Depth} calls inside one another)");
        }
    }

    /// <summary>Leaves a call.</summary>
    internal void Leave() => _depth--;

    private static TemplateFault Over(string what, long limit) =>
        new("LimitError", string.Create(CultureInfo.InvariantCulture, $"the template asks for more than {limit:N0} {what}; it is broken or hostile"));
}
