using System.Collections.Immutable;
using Transfuse.Artifacts;
using Transfuse.Errors;

namespace Transfuse.Corpora;

/// <summary>Size of a corpus.</summary>
/// <param name="Documents">Number of documents.</param>
/// <param name="Bytes">UTF-8 bytes of text.</param>
/// <param name="Domains">The same per domain, in ordinal order.</param>
public sealed record CorpusStatistics(long Documents, long Bytes, ImmutableSortedDictionary<string, CorpusDomainSize> Domains)
{
    private const string DocumentsKey = "documents";
    private const string BytesKey = "bytes";

    /// <summary>Nothing yet.</summary>
    public static CorpusStatistics Empty { get; } = new(0, 0, Manifest.Sorted<CorpusDomainSize>());

    /// <summary>The sizes with one more text.</summary>
    /// <param name="domain">Its domain.</param>
    /// <param name="bytes">Its UTF-8 bytes.</param>
    public CorpusStatistics Add(string domain, long bytes)
    {
        var old = Domains.GetValueOrDefault(domain);
        return new(Documents + 1, Bytes + bytes, Domains.SetItem(domain, new(old.Documents + 1, old.Bytes + bytes)));
    }

    internal ImmutableSortedDictionary<string, long> ToCounts()
    {
        var counts = Manifest.Sorted<long>().ToBuilder();
        counts[DocumentsKey] = Documents;
        counts[BytesKey] = Bytes;
        foreach (var (domain, size) in Domains)
        {
            counts[$"{DocumentsKey}:{domain}"] = size.Documents;
            counts[$"{BytesKey}:{domain}"] = size.Bytes;
        }

        return counts.ToImmutable();
    }

    internal static CorpusStatistics FromManifest(string path, Manifest manifest)
    {
        long Count(string key) => manifest.Counts.TryGetValue(key, out var count)
            ? count
            : throw new ArtifactException(path, $"has no count '{key}' in its manifest. It was altered; prepare the corpus again.");

        const string prefix = DocumentsKey + ":";
        var domains = manifest.Counts.Keys.Where(key => key.StartsWith(prefix, StringComparison.Ordinal))
            .Select(key => key[prefix.Length..])
            .ToImmutableSortedDictionary(
                domain => domain,
                domain => new CorpusDomainSize(Count(prefix + domain), Count($"{BytesKey}:{domain}")),
                StringComparer.Ordinal);
        return new CorpusStatistics(Count(DocumentsKey), Count(BytesKey), domains);
    }
}
