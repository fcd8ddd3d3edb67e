using Transfuse.Artifacts;
using Transfuse.Errors;

namespace Transfuse.Corpora;

/// <summary>
/// A prepared corpus: a folder with <c>corpus.jsonl</c> (one object with <c>id</c>, <c>domain</c> and <c>text</c> a line) and a manifest.
/// Later stages name the corpus by the hash of its text file.
/// </summary>
public sealed class CorpusFile
{
    /// <summary>Kind in the manifest.</summary>
    public const string Kind = "corpus";

    /// <summary>Version of the format.</summary>
    public const int FormatVersion = 1;

    internal const string TextFileName = "corpus.jsonl";
    private static readonly string[] Members = ["id", "domain", "text"];
    private readonly ArtifactFolder _folder;

    internal CorpusFile(ArtifactFolder folder)
    {
        _folder = folder;
        Hash = folder.Entry(TextFileName).Sha256;
        Statistics = CorpusStatistics.FromManifest(folder.FolderPath, folder.Manifest);
    }

    /// <summary>SHA-256 of the text file.</summary>
    public string Hash { get; }

    /// <summary>The folder.</summary>
    public string FolderPath => _folder.FolderPath;

    /// <summary>Manifest of the corpus.</summary>
    public Manifest Manifest => _folder.Manifest;

    /// <summary>Documents and bytes, in all and per domain.</summary>
    public CorpusStatistics Statistics { get; }

    /// <summary>Opens a prepared corpus and compares its hash.</summary>
    /// <exception cref="ArtifactException">The folder holds no complete corpus, or it was altered.</exception>
    public static CorpusFile Open(string path)
    {
        var folder = ArtifactFolder.Open(path, Kind, FormatVersion);
        folder.Verify();
        return new CorpusFile(folder);
    }

    /// <summary>Begins a corpus; see <see cref="CorpusFileWriter"/>.</summary>
    /// <exception cref="ArtifactException">The file cannot be created.</exception>
    public static CorpusFileWriter Create(string path) => new(path);

    /// <summary>Writes documents as a corpus.</summary>
    /// <param name="path">The folder.</param>
    /// <param name="documents">The documents, ids unique.</param>
    /// <param name="manifest">Origin of the texts: creator, inputs, parameters. Kind, version, counts and files are filled in.</param>
    /// <param name="cancellation">Stops the writing; nothing is left behind.</param>
    /// <exception cref="TransfuseException">An id appears twice, or the file cannot be written.</exception>
    public static CorpusFile Write(
        string path, IEnumerable<Document> documents, Manifest manifest, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(documents);
        using var writer = Create(path);
        foreach (var document in documents)
        {
            cancellation.ThrowIfCancellationRequested();
            writer.Add(document);
        }

        return writer.Complete(manifest);
    }

    /// <summary>Streams the documents.</summary>
    /// <exception cref="InputException">The file cannot be read.</exception>
    public IEnumerable<Document> Read() =>
        JsonLinesFile.ReadMembers(_folder.PathOf(TextFileName), Members)
            .Select(line => new Document(line.Values[0], line.Values[1], line.Values[2]));
}
