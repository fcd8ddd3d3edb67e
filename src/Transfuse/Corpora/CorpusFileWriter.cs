using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Transfuse.Artifacts;
using Transfuse.Errors;

namespace Transfuse.Corpora;

/// <summary>
/// Writes a <see cref="CorpusFile"/>, one document after the other. Disposed before <see cref="Complete"/>, it leaves nothing.
/// </summary>
public sealed class CorpusFileWriter : IDisposable
{
    private static readonly JsonWriterOptions WriterOptions = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly string _path;
    private readonly AtomicFile _file;
    private readonly ArrayBufferWriter<byte> _line = new();
    private readonly Utf8JsonWriter _writer;
    private readonly HashSet<string> _ids = new(StringComparer.Ordinal);

    internal CorpusFileWriter(string path)
    {
        _path = path;
        _file = AtomicFile.Create(Path.Combine(path, CorpusFile.TextFileName));
        _writer = new Utf8JsonWriter(_line, WriterOptions);
    }

    /// <summary>Size of what was added so far.</summary>
    public CorpusStatistics Statistics { get; private set; } = CorpusStatistics.Empty;

    /// <summary>Adds a document.</summary>
    /// <exception cref="CorpusException">The id was added before.</exception>
    public void Add(Document document)
    {
        ArgumentNullException.ThrowIfNull(document);
        if (!_ids.Add(document.Id))
        {
            throw new CorpusException(_path, $"two documents have the id '{document.Id}'. Give every document its own.");
        }

        _writer.WriteStartObject();
        _writer.WriteString("id", document.Id);
        _writer.WriteString("domain", document.Domain);
        _writer.WriteString("text", document.Text);
        _writer.WriteEndObject();
        _writer.Flush();
        _file.Stream.Write(_line.WrittenSpan);
        _file.Stream.WriteByte((byte)'\n');
        _line.ResetWrittenCount();
        _writer.Reset();
        Statistics = Statistics.Add(document.Domain, Encoding.UTF8.GetByteCount(document.Text));
    }

    /// <summary>Gives the text file its name and writes the manifest.</summary>
    /// <param name="manifest">Origin of the texts; kind, version, counts and files are filled in.</param>
    /// <exception cref="ArtifactException">A file cannot be written.</exception>
    public CorpusFile Complete(Manifest manifest)
    {
        ArgumentNullException.ThrowIfNull(manifest);
        _file.Commit();
        var complete = manifest with { Kind = CorpusFile.Kind, FormatVersion = CorpusFile.FormatVersion, Counts = Statistics.ToCounts() };
        return new CorpusFile(ArtifactFolder.Seal(_path, complete, CorpusFile.TextFileName));
    }

    /// <summary>Closes the file; what was not completed is deleted.</summary>
    public void Dispose()
    {
        _writer.Dispose();
        _file.Dispose();
    }
}
