using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Transfuse.Tokenization.Json;

/// <summary>Which tokens begin and end texts, from tokenizer_config.json and special_tokens_map.json.</summary>
internal static class SpecialTokenRoles
{
    private static readonly JsonWriterOptions Options = new() { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static readonly string[] UsualBos = ["<s>", "<|begin_of_text|>", "<bos>"];
    private static readonly string[] UsualEos = ["</s>", "<|end_of_text|>", "<eos>", "<|endoftext|>"];

    /// <summary>The definition with the roles of its side files; without any, special tokens with the field's usual names take the roles.</summary>
    public static TokenizerDefinition Apply(TokenizerDefinition definition, JsonElement? configuration, JsonElement? specialTokens)
    {
        var isGuess = configuration is null && specialTokens is null;
        return definition with
        {
            BosToken = Role("bos_token", configuration, specialTokens) ?? definition.BosToken ?? (isGuess ? Usual(definition, UsualBos) : null),
            EosToken = Role("eos_token", configuration, specialTokens) ?? definition.EosToken ?? (isGuess ? Usual(definition, UsualEos) : null),
            Configuration = configuration,
        };
    }

    /// <summary>The contents of tokenizer_config.json: what was read, with the roles as they are now.</summary>
    public static byte[] Write(TokenizerDefinition definition)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, Options))
        {
            writer.WriteStartObject();
            WriteRole(writer, "bos_token", definition.BosToken);
            WriteRole(writer, "eos_token", definition.EosToken);
            if (definition.Configuration is { } configuration)
            {
                foreach (var property in configuration.EnumerateObject())
                {
                    if (property.Name is not ("bos_token" or "eos_token"))
                    {
                        property.WriteTo(writer);
                    }
                }
            }
            else
            {
                writer.WriteBoolean("clean_up_tokenization_spaces", definition.CleansUpSpaces);
                writer.WriteString("tokenizer_class", "PreTrainedTokenizerFast");
                if (definition.SplitsSpecialTokens)
                {
                    writer.WriteBoolean("split_special_tokens", value: true);
                }
            }

            writer.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    private static string? Usual(TokenizerDefinition definition, string[] names) => Array.Find(
        names, name => definition.AddedTokens.Any(token => token.Special && string.Equals(token.Content, name, StringComparison.Ordinal)));

    private static void WriteRole(Utf8JsonWriter writer, string name, string? token)
    {
        if (token is not null)
        {
            writer.WriteString(name, token);
        }
    }

    private static string? Role(string name, params ReadOnlySpan<JsonElement?> files)
    {
        foreach (var file in files)
        {
            if (file is not { } element || !element.TryGetProperty(name, out var role))
            {
                continue;
            }

            var cursor = new JsonCursor("tokenizer_config.json", name, role);
            switch (role.ValueKind)
            {
                case JsonValueKind.String:
                    return cursor.String();
                case JsonValueKind.Object:
                    return cursor.Required("content").String();
                default:
                    continue;
            }
        }

        return null;
    }
}
