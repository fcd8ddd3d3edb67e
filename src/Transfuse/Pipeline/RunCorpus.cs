using Transfuse.Corpora;

namespace Transfuse.Pipeline;

/// <summary>The prepared texts of a run, in memory: what trains the sources, what the models meet on, what is held out.</summary>
internal sealed class RunCorpus
{
    /// <summary>Bytes of each domain that a measurement during training reads; enough to tell better from worse, small enough to be done often.</summary>
    private const int ValidationBytesPerDomain = 48_000;

    private RunCorpus(string hash, IReadOnlyList<string> domains)
    {
        Hash = hash;
        Domains = domains;
    }

    /// <summary>Hash of the training text.</summary>
    internal string Hash { get; }

    /// <summary>Domains in the order of the recipe.</summary>
    internal IReadOnlyList<string> Domains { get; }

    /// <summary>What sources are trained on.</summary>
    internal required IReadOnlyList<Document> Sources { get; init; }

    /// <summary>What the models meet on: the target is trained on it and the sources' distributions are captured over it.</summary>
    internal required IReadOnlyList<Document> Fusion { get; init; }

    /// <summary>Held out for choices during training.</summary>
    internal required IReadOnlyList<Document> Validation { get; init; }

    /// <summary>Held out for the final measurement.</summary>
    internal required IReadOnlyList<Document> Test { get; init; }

    /// <summary>Opens what <see cref="Stages.CorpusStage"/> wrote.</summary>
    internal static RunCorpus Open(string folder, IReadOnlyList<string> domains)
    {
        var fusion = CorpusFile.Open(Path.Combine(folder, "fusion"));
        return new RunCorpus(fusion.Hash, domains.Count > 0 ? domains : [.. fusion.Statistics.Domains.Keys])
        {
            Sources = [.. CorpusFile.Open(Path.Combine(folder, "sources")).Read()],
            Fusion = [.. fusion.Read()],
            Validation = [.. CorpusFile.Open(Path.Combine(folder, "validation")).Read()],
            Test = [.. CorpusFile.Open(Path.Combine(folder, "test")).Read()],
        };
    }

    /// <summary>Documents of a domain; all for null.</summary>
    internal static IReadOnlyList<Document> Of(IReadOnlyList<Document> documents, string? domain) =>
        domain is null ? documents : [.. documents.Where(document => string.Equals(document.Domain, domain, StringComparison.Ordinal))];

    /// <summary>The first validation documents of a domain, or of each, up to a fixed number of bytes a domain.</summary>
    internal IReadOnlyList<Document> ValidationSample(string? domain)
    {
        var bytes = new Dictionary<string, int>(StringComparer.Ordinal);
        var sample = new List<Document>();
        foreach (var document in Of(Validation, domain))
        {
            var taken = bytes.GetValueOrDefault(document.Domain);
            if (taken < ValidationBytesPerDomain)
            {
                bytes[document.Domain] = taken + System.Text.Encoding.UTF8.GetByteCount(document.Text);
                sample.Add(document);
            }
        }

        return sample;
    }
}
