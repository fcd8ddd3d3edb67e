using System.Collections.Immutable;
using System.Text.Json;
using Transfuse.Errors;

namespace Transfuse.Artifacts;

/// <summary>Turns the bytes of a <c>manifest.json</c> into a <see cref="Manifest"/>, distrusting all of them.</summary>
internal static class ManifestReader
{
    private static readonly JsonDocumentOptions Options = new() { MaxDepth = 8, AllowDuplicateProperties = false };

    /// <exception cref="ArtifactException">The bytes are no manifest.</exception>
    public static Manifest Parse(string path, ReadOnlyMemory<byte> json)
    {
        try
        {
            using var document = JsonDocument.Parse(json, Options);
            var root = document.RootElement;
            Expect(path, root, JsonValueKind.Object, "the manifest");
            return new Manifest
            {
                Kind = Text(path, root, "kind"),
                FormatVersion = (int)Number(path, root, "formatVersion", 1, int.MaxValue),
                CreatedBy = Text(path, root, "createdBy"),
                Inputs = Map(path, root, "inputs", HashOf),
                Parameters = Map(path, root, "parameters", TextOf),
                Counts = Map(path, root, "counts", CountOf),
                Seed = root.TryGetProperty("seed", out _) ? Number(path, root, "seed", long.MinValue, long.MaxValue) : null,
                Files = Files(path, root),
            };
        }
        catch (JsonException exception)
        {
            throw new ArtifactException(
                path, $"is no valid JSON (line {exception.LineNumber + 1}, byte {exception.BytePositionInLine}). "
                + "Make the artifact again.", exception);
        }
        catch (InvalidOperationException exception)
        {
            throw Bad(path, "a text is no valid UTF-8", exception);
        }
    }

    private static ImmutableArray<ManifestFile> Files(string path, JsonElement root)
    {
        var array = Member(path, root, "files", JsonValueKind.Array);
        var files = ImmutableArray.CreateBuilder<ManifestFile>(array.GetArrayLength());
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var element in array.EnumerateArray())
        {
            Expect(path, element, JsonValueKind.Object, "an entry of 'files'");
            var name = Text(path, element, "name");
            if (!ArtifactFolder.IsSafeName(name) || !names.Add(name))
            {
                throw Bad(path, $"the file name '{name}' leaves the folder or appears twice");
            }

            var hash = HashOf(path, "sha256", Member(path, element, "sha256", JsonValueKind.String));
            files.Add(new ManifestFile(name, Number(path, element, "length", 0, long.MaxValue), hash));
        }

        return files.DrainToImmutable();
    }

    private static ImmutableSortedDictionary<string, T> Map<T>(
        string path, JsonElement root, string name, Func<string, string, JsonElement, T> read)
    {
        var map = Manifest.Sorted<T>().ToBuilder();
        foreach (var property in Member(path, root, name, JsonValueKind.Object).EnumerateObject())
        {
            map[property.Name] = read(path, property.Name, property.Value);
        }

        return map.ToImmutable();
    }

    private static string TextOf(string path, string name, JsonElement element)
    {
        Expect(path, element, JsonValueKind.String, $"'{name}'");
        return element.GetString()!;
    }

    private static string HashOf(string path, string name, JsonElement element)
    {
        var text = TextOf(path, name, element);
        return ContentHash.IsWellFormed(text) ? text : throw Bad(
            path, $"'{name}' is '{text}', expected {ContentHash.Length} hexadecimal digits");
    }

    private static long CountOf(string path, string name, JsonElement element) =>
        element.ValueKind == JsonValueKind.Number && element.TryGetInt64(out var value) && value >= 0
            ? value
            : throw Bad(path, $"'{name}' is {element.GetRawText()}, expected a count");

    private static string Text(string path, JsonElement parent, string name) =>
        Member(path, parent, name, JsonValueKind.String).GetString()!;

    private static long Number(string path, JsonElement parent, string name, long minimum, long maximum)
    {
        var element = Member(path, parent, name, JsonValueKind.Number);
        return element.TryGetInt64(out var value) && value >= minimum && value <= maximum
            ? value
            : throw Bad(path, $"'{name}' is {element.GetRawText()}, expected a whole number from {minimum} to {maximum}");
    }

    private static JsonElement Member(string path, JsonElement parent, string name, JsonValueKind kind)
    {
        if (!parent.TryGetProperty(name, out var element))
        {
            throw Bad(path, $"'{name}' is missing");
        }

        Expect(path, element, kind, $"'{name}'");
        return element;
    }

    private static void Expect(string path, JsonElement element, JsonValueKind kind, string what)
    {
        if (element.ValueKind != kind)
        {
            throw Bad(path, $"{what} is a JSON {element.ValueKind}, expected {kind}");
        }
    }

    private static ArtifactException Bad(string path, string what, Exception? cause = null) =>
        new(path, $"{what}. The manifest was altered or damaged; make the artifact again.", cause);
}
