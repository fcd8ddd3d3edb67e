using System.Text.Json;
using System.Text.Unicode;
using Transfuse.Errors;

namespace Transfuse.Checkpoints;

/// <summary>Reads JSON from files that may be hostile: bounded size and depth, no duplicate keys, and one kind of error.</summary>
internal static class JsonInput
{
    private const int MaxDepth = 32;
    private const long MaxFileBytes = 64L << 20;

    /// <summary>Reads a whole JSON file whose root is an object and hands it to <paramref name="read"/>.</summary>
    /// <exception cref="ModelFormatException">The file is missing, too large, no JSON, or <paramref name="read"/> met text that is no Unicode.</exception>
    internal static T ReadFile<T>(string path, Func<JsonElement, T> read)
    {
        byte[] bytes;
        try
        {
            var length = new FileInfo(path).Length;
            if (length > MaxFileBytes)
            {
                throw new ModelFormatException(path, $"has {length:N0} bytes; a JSON file of a checkpoint has at most {MaxFileBytes:N0}.");
            }

            bytes = File.ReadAllBytes(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new ModelFormatException(path, $"cannot be read: {exception.Message}", exception);
        }

        return Read(bytes, path, "file", read);
    }

    /// <summary>Parses <paramref name="json"/>, whose root must be an object, and hands it to <paramref name="read"/>.</summary>
    /// <param name="json">UTF-8 text.</param>
    /// <param name="path">File it comes from, for errors.</param>
    /// <param name="what">Which part of the file it is, for errors.</param>
    /// <param name="read">Must not keep the element.</param>
    internal static T Read<T>(ReadOnlyMemory<byte> json, string path, string what, Func<JsonElement, T> read)
    {
        json = json.Span.StartsWith("\uFEFF"u8) ? json[3..] : json;
        if (!Utf8.IsValid(json.Span))
        {
            throw new ModelFormatException(path, $"the {what} is not UTF-8 text; the file is damaged, fetch it again.");
        }

        try
        {
            var options = new JsonDocumentOptions { MaxDepth = MaxDepth, AllowDuplicateProperties = false };
            using var document = JsonDocument.Parse(json, options);
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? read(document.RootElement)
                : throw new ModelFormatException(path, $"the {what} holds a JSON {document.RootElement.ValueKind}, expected an object.");
        }
        catch (JsonException exception)
        {
            throw new ModelFormatException(path, $"the {what} is no valid JSON: {exception.Message}", exception);
        }
        catch (InvalidOperationException exception)
        {
            // System.Text.Json reports escaped half surrogates only when a string is read, and in this way.
            throw new ModelFormatException(path, $"the {what} holds text that is no Unicode: {exception.Message}", exception);
        }
    }
}
