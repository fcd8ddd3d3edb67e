namespace Transfuse.Recipes;

/// <summary>One thing that is wrong with a recipe.</summary>
/// <param name="File">File as the user named it, or <c>command line</c> for an override.</param>
/// <param name="Line">Line, from 1.</param>
/// <param name="Column">Column, from 1.</param>
/// <param name="Key">Dotted path of the key concerned, for example <c>sources.0.train.steps</c>; empty for the whole document.</param>
/// <param name="Message">What was found and what was expected.</param>
/// <param name="Suggestion">What to do, for example <c>did you mean 'accumulate'?</c>, or null.</param>
public sealed record RecipeProblem(string File, int Line, int Column, string Key, string Message, string? Suggestion = null)
{
    /// <summary>The problem as one line: <c>file:line:column  message — suggestion</c>.</summary>
    public override string ToString() =>
        $"{File}:{Line}:{Column}  {Message}{(Suggestion is null ? string.Empty : $" — {Suggestion}")}";
}
