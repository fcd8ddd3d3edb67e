using System.Globalization;
using System.Runtime.CompilerServices;

namespace Transfuse.Tokenization.ChatTemplates.Values;

/// <summary>Bounds how deep syntax and values may lie in one another where they are walked, so that the answer does not hang on the room of a thread's stack.</summary>
internal static class Nesting
{
    /// <summary>Most levels; Python's own limit on calls inside one another.</summary>
    private const int Limit = 1000;

    /// <summary>The level below <paramref name="level"/>; called once where something at that level is walked.</summary>
    /// <exception cref="TemplateFault">The level is too deep.</exception>
    internal static int Enter(int level)
    {
        RuntimeHelpers.EnsureSufficientExecutionStack();
        return level < Limit
            ? level + 1
            : throw new TemplateFault("RecursionError", string.Create(CultureInfo.InvariantCulture, $"maximum recursion depth exceeded ({Limit} levels inside one another)"));
    }
}
