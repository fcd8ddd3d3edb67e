using System.Text.Json;
using System.Text.Json.Nodes;
using Transfuse.Artifacts;
using Transfuse.Checkpoints.Gguf;
using Transfuse.Errors;
using Transfuse.Tokenization.Gguf;

namespace Transfuse.Tokenization.ChatTemplates;

/// <summary>Reads the chat templates that come with a model, and the special tokens that they name.</summary>
public static class ChatTemplateFile
{
    private const string DefaultName = "default";
    private const string ConfigurationName = "tokenizer_config.json";
    private const string SpecialTokensName = "special_tokens_map.json";
    private const string TemplateName = "chat_template.jinja";
    private const string TemplatesJsonName = "chat_template.json";
    private const string TemplateFolder = "additional_chat_templates";
    private const long MaxBytes = 64L << 20;

    /// <summary>The templates of a model folder by name; the usual one is called <c>default</c>.</summary>
    /// <param name="folder">
    /// The folder. Read are, the later over the earlier: tokenizer_config.json (one template, or a list of named ones), chat_template.json,
    /// chat_template.jinja, and the files of the folder additional_chat_templates. Of a GGUF file its own.
    /// </param>
    /// <returns>The texts of the templates; empty if there are none.</returns>
    /// <exception cref="TokenizerException">A file cannot be read.</exception>
    public static IReadOnlyDictionary<string, string> ReadAll(string folder)
    {
        ArgumentNullException.ThrowIfNull(folder);
        var templates = new Dictionary<string, string>(StringComparer.Ordinal);
        if (GgufConfiguration(folder) is { } own)
        {
            AddTemplates(templates, own["chat_template"], folder);
            return templates;
        }

        foreach (var name in (string[])[ConfigurationName, TemplatesJsonName])
        {
            if (ReadObject(Path.Combine(folder, name)) is { } json)
            {
                AddTemplates(templates, json["chat_template"], Path.Combine(folder, name));
            }
        }

        if (File.Exists(Path.Combine(folder, TemplateName)))
        {
            templates[DefaultName] = ReadText(Path.Combine(folder, TemplateName));
        }

        var more = Path.Combine(folder, TemplateFolder);
        if (Directory.Exists(more))
        {
            foreach (var file in Directory.GetFiles(more, "*.jinja").Order(StringComparer.Ordinal))
            {
                templates[Path.GetFileNameWithoutExtension(file)] = ReadText(file);
            }
        }

        return templates;
    }

    /// <summary>The template of a model folder.</summary>
    /// <param name="folder">The folder, as for <see cref="ReadAll"/>.</param>
    /// <param name="name">Name of the template, or null for <c>default</c> or the only one.</param>
    /// <exception cref="TokenizerException">There is none, or none of this name.</exception>
    /// <exception cref="ChatTemplateException">The template breaks the grammar.</exception>
    public static ChatTemplate Load(string folder, string? name = null)
    {
        var templates = ReadAll(folder);
        if (templates.Count == 0)
        {
            throw new TokenizerException(
                folder, $"has no chat template (in {TemplateName}, {ConfigurationName} or {TemplatesJsonName}); it is a model for text, not for chat. Give a template of your own.");
        }

        var wanted = name ?? (templates.Count == 1 ? templates.Keys.First() : DefaultName);
        return templates.TryGetValue(wanted, out var text)
            ? ChatTemplate.Parse(text, $"{folder} (chat template '{wanted}')")
            : throw new TokenizerException(folder, $"has no chat template '{wanted}'; it has {string.Join(", ", templates.Keys.Select(key => $"'{key}'"))}.");
    }

    /// <summary>The template that is called <c>default</c>, or the only one; null if there is none.</summary>
    internal static string? Usual(IReadOnlyDictionary<string, string> templates) =>
        templates.GetValueOrDefault(DefaultName) ?? (templates.Count == 1 ? templates.Values.First() : null);

    /// <summary>Writes the templates of one model beside another that was made of it, where they are not there yet: chat_template.jinja and those with names.</summary>
    /// <param name="source">Folder or GGUF file with the templates, or with none.</param>
    /// <param name="folder">Folder with a tokenizer.</param>
    /// <exception cref="TokenizerException">A file cannot be read.</exception>
    /// <exception cref="ArtifactException">A file cannot be written.</exception>
    public static void Carry(string source, string folder)
    {
        var there = ReadAll(folder);
        foreach (var (name, text) in ReadAll(source))
        {
            if (!there.TryGetValue(name, out var same) || !string.Equals(same, text, StringComparison.Ordinal))
            {
                var file = string.Equals(name, DefaultName, StringComparison.Ordinal)
                    ? Path.Combine(folder, TemplateName)
                    : Path.Combine(Directory.CreateDirectory(Path.Combine(folder, TemplateFolder)).FullName, SafeName(name) + ".jinja");
                AtomicFile.Write(file, System.Text.Encoding.UTF8.GetBytes(text));
            }
        }
    }

    // A name comes from a file and must not lead out of the folder.
    private static string SafeName(string name) => name.Length > 0 && name.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '_' or '-')
        ? name
        : throw new TokenizerException(name, "is the name of a chat template, and no name that a file can have; letters, digits, _ and - are expected.");

    /// <summary>The special tokens of a model folder as templates name them: <c>bos_token</c>, <c>eos_token</c>, <c>pad_token</c> …</summary>
    /// <param name="folder">The folder; tokenizer_config.json and, under it, special_tokens_map.json are read.</param>
    /// <exception cref="TokenizerException">A file cannot be read.</exception>
    public static IReadOnlyDictionary<string, string> ReadSpecialTokens(string folder)
    {
        ArgumentNullException.ThrowIfNull(folder);
        var tokens = new Dictionary<string, string>(StringComparer.Ordinal);
        JsonObject?[] sources = GgufConfiguration(folder) is { } own
            ? [own]
            : [ReadObject(Path.Combine(folder, SpecialTokensName)), ReadObject(Path.Combine(folder, ConfigurationName))];
        foreach (var (key, value) in sources.SelectMany(source => source ?? []))
        {
            var content = value is JsonObject token ? token["content"] : value;
            if (key.EndsWith("_token", StringComparison.Ordinal) && content?.GetValueKind() == JsonValueKind.String)
            {
                tokens[key] = content.GetValue<string>();
            }
        }

        return tokens;
    }

    // What a tokenizer_config.json would say, from the keys of a GGUF file.
    private static JsonObject? GgufConfiguration(string path) =>
        GgufCheckpoint.FindFile(path) is { } file && GgufTokenizerReader.Read(file).Configuration is { } json ? JsonObject.Create(json) : null;

    private static void AddTemplates(Dictionary<string, string> templates, JsonNode? node, string path)
    {
        switch (node)
        {
            case null:
                return;
            case JsonValue value when value.GetValueKind() == JsonValueKind.String:
                templates[DefaultName] = value.GetValue<string>();
                return;
            case JsonArray list:
                foreach (var item in list)
                {
                    if (item is not JsonObject entry || Text(entry, "name") is not { } name || Text(entry, "template") is not { } template)
                    {
                        throw new TokenizerException(path, "'chat_template' has an entry without 'name' and 'template'.");
                    }

                    templates[name] = template;
                }

                return;
            default:
                throw new TokenizerException(path, $"'chat_template' is a JSON {node.GetValueKind()}, expected a string or a list of named templates.");
        }
    }

    private static string? Text(JsonObject entry, string key) => entry[key] is { } value && value.GetValueKind() == JsonValueKind.String ? value.GetValue<string>() : null;

    private static JsonObject? ReadObject(string path)
    {
        if (!File.Exists(path))
        {
            return null;
        }

        try
        {
            return JsonNode.Parse(ReadText(path), documentOptions: new JsonDocumentOptions { AllowDuplicateProperties = false }) as JsonObject ?? throw new TokenizerException(path, "is no JSON object.");
        }
        catch (Exception exception) when (exception is JsonException or ArgumentException)
        {
            throw new TokenizerException(path, $"is no valid JSON: {exception.Message}", exception);
        }
    }

    private static string ReadText(string path)
    {
        try
        {
            var length = new FileInfo(path).Length;
            return length <= MaxBytes ? File.ReadAllText(path) : throw new TokenizerException(path, $"has {length:N0} bytes; at most {MaxBytes:N0} are read.");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new TokenizerException(path, $"cannot be read: {exception.Message}", exception);
        }
    }
}
