using Transfuse.Errors;

namespace Transfuse.Corpora.SdkDocumentation;

/// <summary>
/// The English prose in the XML documentation that comes with every .NET SDK, as a corpus: real text in several domains without a
/// download. A document is a type with its members; big types give several documents, small neighbours share one.
/// </summary>
public static class SdkDocumentationCorpus
{
    /// <summary>Streams the documents in the order of packs, assembly names and types.</summary>
    /// <param name="candidates">Places to look for a .NET installation (<see cref="ReferencePackLocator"/>).</param>
    /// <param name="domains">Domains to keep; empty for all. What is kept does not depend on it: repetition is judged over the whole corpus.</param>
    /// <returns>Documents with ids like <c>System.Xml.ReaderWriter/System.Xml.XmlReader#1</c>.</returns>
    /// <exception cref="CorpusException">No reference pack is found, a domain is unknown, or a file is damaged.</exception>
    public static IEnumerable<Document> Read(IReadOnlyList<string> candidates, IReadOnlyList<string> domains)
    {
        ArgumentNullException.ThrowIfNull(domains);
        if (domains.FirstOrDefault(domain => !DocumentationDomains.All.Contains(domain, StringComparer.Ordinal)) is { } unknown)
        {
            throw new CorpusException("sdk-docs", $"has no domain '{unknown}'. Domains are {string.Join(", ", DocumentationDomains.All)}.");
        }

        return ReadPacks(ReferencePackLocator.Find(candidates))
            .Where(document => domains.Count == 0 || domains.Contains(document.Domain, StringComparer.Ordinal));
    }

    private static IEnumerable<Document> ReadPacks(IReadOnlyList<string> packs)
    {
        var filter = new SentenceFilter();
        var assemblies = new HashSet<string>(StringComparer.Ordinal);
        foreach (var path in packs.SelectMany(pack => Directory.EnumerateFiles(pack, "*.xml").Order(StringComparer.Ordinal)))
        {
            var assembly = Path.GetFileNameWithoutExtension(path);
            if (!assemblies.Add(assembly))
            {
                continue;
            }

            var domain = DocumentationDomains.Of(assembly);
            foreach (var (name, text) in DocumentationPages.Compose(TypesOf(path, filter)))
            {
                yield return new Document($"{assembly}/{name}", domain, text);
            }
        }
    }

    /// <summary>
    /// The types of one file, in order of first appearance, with one line of text a member; types without new text are left out.
    /// </summary>
    private static IEnumerable<DocumentedType> TypesOf(string path, SentenceFilter filter)
    {
        var types = new OrderedDictionary<string, List<string>>(StringComparer.Ordinal);
        foreach (var member in DocumentationReader.Read(path))
        {
            if (!types.TryGetValue(member.TypeName, out var lines))
            {
                types.Add(member.TypeName, lines = []);
            }

            var line = string.Join(' ', member.Paragraphs.Select(filter.Unseen).Where(text => text.Length > 0));
            if (line.Length > 0)
            {
                lines.Add(line);
            }
        }

        return types.Where(type => type.Value.Count > 0).Select(type => new DocumentedType(type.Key, type.Value));
    }
}
