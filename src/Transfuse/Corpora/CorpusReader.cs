using Transfuse.Corpora.SdkDocumentation;
using Transfuse.Errors;

namespace Transfuse.Corpora;

/// <summary>Reads the documents of a source, one after the other, in an order that depends on names and content alone.</summary>
public static class CorpusReader
{
    /// <summary>Streams the documents; files are opened as the enumeration reaches them.</summary>
    /// <param name="source">What to read.</param>
    /// <param name="cancellation">Ends the enumeration.</param>
    /// <returns>Documents with text; those of white space only are left out. Ids are unique and stable.</returns>
    /// <exception cref="CorpusException">A path or pattern matches nothing, or a file cannot be read as its kind.</exception>
    public static IEnumerable<Document> Read(CorpusSource source, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        if (source.Paths.Count == 0)
        {
            throw new CorpusException("corpus", "names no paths. Give at least one file, pattern or folder.");
        }

        var documents = source.Kind == CorpusSourceKind.SdkDocs
            ? SdkDocumentationCorpus.Read(source.Paths, source.Domains)
            : ReadFiles(source);
        return Limit(documents.Where(document => !string.IsNullOrWhiteSpace(document.Text)), source.Limit, cancellation);
    }

    private static IEnumerable<Document> Limit(IEnumerable<Document> documents, long? limit, CancellationToken cancellation)
    {
        var left = limit ?? long.MaxValue;
        if (left <= 0)
        {
            yield break;
        }

        foreach (var document in documents)
        {
            cancellation.ThrowIfCancellationRequested();
            yield return document;
            if (--left == 0)
            {
                yield break;
            }
        }
    }

    private static IEnumerable<Document> ReadFiles(CorpusSource source)
    {
        var root = Path.GetFullPath(source.BaseFolder ?? ".");
        var files = source.Paths.SelectMany(pattern => FilePattern.Expand(root, pattern)).Distinct(StringComparer.Ordinal).ToList();
        return files.SelectMany(file => ReadFile(source, root, file));
    }

    private static IEnumerable<Document> ReadFile(CorpusSource source, string root, string path)
    {
        var id = Path.GetRelativePath(root, path).Replace('\\', '/');
        return Path.GetExtension(path).ToUpperInvariant() switch
        {
            ".JSONL" or ".NDJSON" => JsonLinesFile.Read(path, source.TextField)
                .Select(line => new Document($"{id}:{line.Number}", source.Domain, line.Text)),
            _ when source.SplitAtBlankLines => TextFile.ReadParagraphs(path)
                .Select(paragraph => new Document($"{id}:{paragraph.Line}", source.Domain, paragraph.Text)),
            _ => [new Document(id, source.Domain, TextFile.Read(path))],
        };
    }
}
