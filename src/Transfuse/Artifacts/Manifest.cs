using System.Collections.Immutable;
using System.Text.Encodings.Web;
using System.Text.Json;
using Transfuse.Errors;

namespace Transfuse.Artifacts;

/// <summary>
/// What an artifact is and what it was made from: the content of its <c>manifest.json</c>. The same manifest always gives the same
/// bytes (keys in ordinal order, no times), so its hash names the artifact.
/// </summary>
public sealed record Manifest
{
    /// <summary>Name of the file.</summary>
    public const string FileName = "manifest.json";

    private const int LongestFile = 16 << 20;
    private static readonly JsonWriterOptions WriterOptions =
        new() { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, NewLine = "\n" };

    /// <summary>Kind of artifact, for example <c>corpus</c> or <c>distributions</c>.</summary>
    public required string Kind { get; init; }

    /// <summary>Version of the kind's format.</summary>
    public required int FormatVersion { get; init; }

    /// <summary>Program and version that made the artifact.</summary>
    public required string CreatedBy { get; init; }

    /// <summary>Hash of each input by its role, for example <c>model</c>, <c>tokenizer</c>, <c>corpus</c>.</summary>
    public ImmutableSortedDictionary<string, string> Inputs { get; init; } = Sorted<string>();

    /// <summary>Parameters that determined the content, as invariant text.</summary>
    public ImmutableSortedDictionary<string, string> Parameters { get; init; } = Sorted<string>();

    /// <summary>Sizes, for example <c>documents</c>, <c>tokens</c>, <c>bytes</c>.</summary>
    public ImmutableSortedDictionary<string, long> Counts { get; init; } = Sorted<long>();

    /// <summary>Seed of what was random, or null.</summary>
    public long? Seed { get; init; }

    /// <summary>The artifact's files, in ordinal order of their names.</summary>
    public ImmutableArray<ManifestFile> Files { get; init; } = [];

    /// <summary>An empty dictionary in ordinal order, to be filled by the caller.</summary>
    public static ImmutableSortedDictionary<string, T> Sorted<T>() => ImmutableSortedDictionary.Create<string, T>(StringComparer.Ordinal);

    /// <summary>The manifest as JSON, UTF-8.</summary>
    public byte[] ToJson()
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer, WriterOptions))
        {
            writer.WriteStartObject();
            writer.WriteString("kind", Kind);
            writer.WriteNumber("formatVersion", FormatVersion);
            writer.WriteString("createdBy", CreatedBy);
            WriteMap(writer, "inputs", Inputs, static (writer, name, value) => writer.WriteString(name, value));
            WriteMap(writer, "parameters", Parameters, static (writer, name, value) => writer.WriteString(name, value));
            WriteMap(writer, "counts", Counts, static (writer, name, value) => writer.WriteNumber(name, value));
            if (Seed is { } seed)
            {
                writer.WriteNumber("seed", seed);
            }

            WriteFiles(writer);
            writer.WriteEndObject();
        }

        buffer.WriteByte((byte)'\n');
        return buffer.ToArray();
    }

    /// <summary>Writes the manifest into a folder, atomically.</summary>
    /// <exception cref="ArtifactException">The file cannot be written.</exception>
    public void Write(string folder) => AtomicFile.Write(Path.Combine(folder, FileName), ToJson());

    /// <summary>Reads the manifest of a folder and checks its form.</summary>
    /// <param name="folder">The artifact's folder.</param>
    /// <param name="kind">Kind that the caller expects.</param>
    /// <param name="formatVersion">Newest version that the caller reads.</param>
    /// <exception cref="ArtifactException">The manifest is missing, damaged, of another kind or of a newer version.</exception>
    public static Manifest Read(string folder, string kind, int formatVersion)
    {
        ArgumentNullException.ThrowIfNull(folder);
        var path = Path.Combine(folder, FileName);
        var manifest = ManifestReader.Parse(path, ReadBytes(path));
        if (!string.Equals(manifest.Kind, kind, StringComparison.Ordinal))
        {
            throw new ArtifactException(path, $"holds an artifact of kind '{manifest.Kind}', expected '{kind}'. Name the right folder.");
        }

        return manifest.FormatVersion <= formatVersion
            ? manifest
            : throw new ArtifactException(
                path, $"has format version {manifest.FormatVersion}, this program reads up to {formatVersion}. "
                + "Use a newer Transfuse or make it again.");
    }

    private static byte[] ReadBytes(string path)
    {
        try
        {
            var length = new FileInfo(path).Length;
            return length <= LongestFile
                ? File.ReadAllBytes(path)
                : throw new ArtifactException(
                    path, $"has {length} bytes, a manifest has at most {LongestFile}. It is damaged; make the artifact again.");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new ArtifactException(
                path, $"cannot be read ({exception.Message}). The folder holds no complete artifact; make it again.", exception);
        }
    }

    private static void WriteMap<T>(
        Utf8JsonWriter writer, string name, ImmutableSortedDictionary<string, T> map, Action<Utf8JsonWriter, string, T> write)
    {
        writer.WriteStartObject(name);
        foreach (var (key, value) in map.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            write(writer, key, value);
        }

        writer.WriteEndObject();
    }

    private void WriteFiles(Utf8JsonWriter writer)
    {
        writer.WriteStartArray("files");
        foreach (var file in Files.OrderBy(file => file.Name, StringComparer.Ordinal))
        {
            writer.WriteStartObject();
            writer.WriteString("name", file.Name);
            writer.WriteNumber("length", file.Length);
            writer.WriteString("sha256", file.Sha256);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }
}
