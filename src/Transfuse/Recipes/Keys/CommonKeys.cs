using Transfuse.Recipes.Reading;

namespace Transfuse.Recipes.Keys;

/// <summary>The keys that every recipe begins with, and rules that several kinds share.</summary>
internal static class CommonKeys
{
    /// <summary>Declares <c>recipe</c>, <c>name</c>, <c>seed</c> and <c>precision</c>.</summary>
    internal static SectionSchema<TRecipe> RecipeKeys<TRecipe>(this SectionSchema<TRecipe> schema, string kind)
        where TRecipe : Recipe, new() => schema
        .Key("recipe", Values.Word(kind), r => r.Kind, (r, _) => r, "Kind and version of the recipe.", required: true)
        .Key("name", Values.Text, r => r.Name, (r, v) => r with { Name = v }, "Names the run folder and the model card.", required: true)
        .Key("seed", Values.LongInteger(0), r => r.Seed, (r, v) => r with { Seed = v }, "Seed of every random stream of the run.")
        .Key("precision", Values.Choice<PrecisionMode>(), r => r.Precision, (r, v) => r with { Precision = v }, "Precision of matrix products; auto takes bfloat16 where it is the faster, int8 integers for quantised weights and all else as auto.")
        .Rule(CheckName);

    /// <summary>The problem that a domain is not in the corpus, or nothing. A corpus without list of domains has unknown ones.</summary>
    internal static IEnumerable<RuleViolation> CheckDomain(CorpusSection corpus, string? domain, string key)
    {
        var names = corpus.Domains.Select(d => d.Name).ToArray();
        if (domain is not null && names.Length > 0 && !names.Contains(domain, StringComparer.Ordinal))
        {
            yield return new RuleViolation(
                key, $"domain '{domain}' is not in the corpus", SpellingSuggestion.DidYouMean(domain, names) ?? $"its domains: {string.Join(", ", names)}");
        }
    }

    // A name becomes a folder's name, on every system.
    private static IEnumerable<RuleViolation> CheckName<TRecipe>(TRecipe recipe)
        where TRecipe : Recipe
    {
        if (recipe.Name.Any(c => !char.IsAsciiLetterOrDigit(c) && c is not ('-' or '_' or '.')) || recipe.Name.StartsWith('.'))
        {
            yield return new RuleViolation("name", $"name '{recipe.Name}' cannot name a folder", "use letters, digits, '-', '_' and '.'");
        }
    }
}
