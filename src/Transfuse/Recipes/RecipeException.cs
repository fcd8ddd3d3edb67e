using Transfuse.Errors;

namespace Transfuse.Recipes;

/// <summary>A recipe is invalid. Holds every problem that was found, not only the first. The tool exits with code 3.</summary>
public sealed class RecipeException : TransfuseException
{
    /// <summary>Creates the exception; its message has one line per problem.</summary>
    /// <param name="problems">At least one problem, in the order of the files.</param>
    public RecipeException(IReadOnlyList<RecipeProblem> problems)
        : base(string.Join('\n', problems ?? throw new ArgumentNullException(nameof(problems))))
    {
        Problems = problems;
    }

    /// <summary>All problems, by file and position.</summary>
    public IReadOnlyList<RecipeProblem> Problems { get; }
}
