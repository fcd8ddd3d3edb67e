namespace Transfuse.Recipes.Reading;

/// <summary>Collects the problems of one reading.</summary>
internal sealed class ProblemList
{
    private readonly List<RecipeProblem> _problems = [];

    internal int Count => _problems.Count;

    internal void Add(RecipePosition position, string key, string message, string? suggestion = null) =>
        _problems.Add(new RecipeProblem(position.File, position.Line, position.Column, key, message, suggestion));

    /// <summary>Ends a reading that found problems: the file's first, in its order, then those of the command line.</summary>
    /// <exception cref="RecipeException">There is a problem.</exception>
    internal void ThrowIfAny()
    {
        if (_problems.Count > 0)
        {
            throw new RecipeException(
                [.. _problems.OrderBy(p => string.Equals(p.File, RecipeOverrides.Source, StringComparison.Ordinal)).ThenBy(p => p.Line).ThenBy(p => p.Column)]);
        }
    }
}
