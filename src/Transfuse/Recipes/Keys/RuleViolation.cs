namespace Transfuse.Recipes.Keys;

/// <summary>What a rule over several keys found.</summary>
/// <param name="Key">Dotted path below the section, at which to point.</param>
/// <param name="Message">What was found and what was expected.</param>
/// <param name="Suggestion">What to do, or null.</param>
internal sealed record RuleViolation(string Key, string Message, string? Suggestion = null);
