using Transfuse.Recipes.Keys;

namespace Transfuse.Recipes;

/// <summary>The texts of a run and how they are divided.</summary>
public sealed record CorpusSection
{
    /// <summary>Where the texts come from.</summary>
    public CorpusKind Source { get; init; } = CorpusKind.SdkDocs;

    /// <summary>Parts of the corpus; empty takes every domain of the SDK's documentation.</summary>
    public IReadOnlyList<DomainSection> Domains { get; init; } = [];

    /// <summary>Fraction of each domain's documents kept for validation.</summary>
    public double Validation { get; init; } = 0.05;

    /// <summary>Fraction of each domain's documents kept for the test.</summary>
    public double Test { get; init; } = 0.05;

    /// <summary>
    /// Fraction of the training documents on which the models meet (the target is trained on them, the sources' distributions are captured over
    /// them); the others train the sources. 1 uses all documents for both.
    /// </summary>
    public double Fusion { get; init; } = 1;

    /// <summary>Most documents of each domain; null takes all.</summary>
    public int? Limit { get; init; }

    internal static SectionSchema<CorpusSection> Schema { get; } = new SectionSchema<CorpusSection>("The texts of a run and how they are divided.")
        .Key("source", Values.Choice<CorpusKind>('-'), s => s.Source, (s, v) => s with { Source = v }, "Where the texts come from: the .NET SDK's API documentation, or files.")
        .Key("domains", Values.List(Values.Section(DomainSection.Schema)), s => s.Domains, (s, v) => s with { Domains = v }, "Parts of the corpus; none takes every domain of the SDK's documentation.")
        .Key("validation", Values.Number(new(0, 1, ExcludeMaximum: true)), s => s.Validation, (s, v) => s with { Validation = v }, "Fraction of each domain's documents kept for validation.")
        .Key("test", Values.Number(new(0, 1, ExcludeMaximum: true)), s => s.Test, (s, v) => s with { Test = v }, "Fraction of each domain's documents kept for the test.")
        .Key("fusion", Values.Number(new(0, 1, ExcludeMinimum: true)), s => s.Fusion, (s, v) => s with { Fusion = v }, "Fraction of the training documents on which the models meet; the others train the sources. 1 uses all for both.")
        .Key("limit", Values.OptionalNumber(Values.Integer(1)), s => s.Limit, (s, v) => s with { Limit = v }, "Most documents of each domain; null takes all.")
        .Rule(CheckFractions)
        .Rule(CheckDomains);

    private static IEnumerable<RuleViolation> CheckFractions(CorpusSection section)
    {
        if (section.Validation + section.Test >= 1)
        {
            yield return new RuleViolation("validation", "validation and test together leave nothing to train on", "their sum must be below 1");
        }
    }

    private static IEnumerable<RuleViolation> CheckDomains(CorpusSection section)
    {
        if (section.Source == CorpusKind.Files && section.Domains.Count == 0)
        {
            yield return new RuleViolation("source", "a corpus of files needs 'domains'", "domains: [{ name: law, files: data/law.jsonl }]");
        }

        for (var i = 0; i < section.Domains.Count; i++)
        {
            var domain = section.Domains[i];
            if (section.Source == CorpusKind.Files && domain.Files.Count == 0)
            {
                yield return new RuleViolation($"domains.{i}", $"domain '{domain.Name}' has no 'files'", "files: data/law.jsonl");
            }

            if (section.Source == CorpusKind.SdkDocs && domain.Files.Count > 0)
            {
                yield return new RuleViolation($"domains.{i}.files", $"domain '{domain.Name}' names files, but the source is sdk-docs", "set source: files");
            }

            if (section.Domains.Take(i).Any(other => string.Equals(other.Name, domain.Name, StringComparison.Ordinal)))
            {
                yield return new RuleViolation($"domains.{i}", $"domain '{domain.Name}' appears twice");
            }
        }
    }
}
