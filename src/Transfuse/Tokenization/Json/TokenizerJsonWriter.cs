using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.Encodings.Web;
using System.Text.Json;
using Transfuse.Errors;
using Transfuse.Tokenization.Bpe;
using Transfuse.Tokenization.Unigram;
using Transfuse.Tokenization.Words;

namespace Transfuse.Tokenization.Json;

/// <summary>Writes a definition as tokenizer.json, in the original's order of keys.</summary>
internal static class TokenizerJsonWriter
{
    private static readonly JsonWriterOptions Options = new() { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The contents of tokenizer.json.</summary>
    public static byte[] Write(TokenizerDefinition definition)
    {
        var buffer = new ArrayBufferWriter<byte>(1 << 16);
        using (var writer = new Utf8JsonWriter(buffer, Options))
        {
            writer.WriteStartObject();
            writer.WriteString("version", "1.0");
            writer.WriteNull("truncation");
            writer.WriteNull("padding");
            WriteEncoding(writer, definition);
            WriteComponent(writer, "decoder", definition.Decoder);
            WriteModel(writer, definition.Model);
            writer.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>SHA-256 (hex) over all that determines ids.</summary>
    public static string Hash(TokenizerDefinition definition)
    {
        var buffer = new ArrayBufferWriter<byte>(1 << 16);
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            WriteEncoding(writer, definition);
            WriteModel(writer, definition.Model);
            if (definition.SplitsSpecialTokens)
            {
                writer.WriteBoolean("split_special_tokens", value: true);
            }

            writer.WriteEndObject();
        }

        return Convert.ToHexStringLower(SHA256.HashData(buffer.WrittenSpan));
    }

    private static void WriteEncoding(Utf8JsonWriter writer, TokenizerDefinition definition)
    {
        writer.WriteStartArray("added_tokens");
        foreach (var token in definition.AddedTokens)
        {
            writer.WriteStartObject();
            writer.WriteNumber("id", token.Id);
            writer.WriteString("content", token.Content);
            writer.WriteBoolean("single_word", token.SingleWord);
            writer.WriteBoolean("lstrip", token.LeftStrip);
            writer.WriteBoolean("rstrip", token.RightStrip);
            writer.WriteBoolean("normalized", token.Normalized);
            writer.WriteBoolean("special", token.Special);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        WriteComponent(writer, "normalizer", definition.Normalizer);
        WriteComponent(writer, "pre_tokenizer", definition.PreTokenizer);
        WriteComponent(writer, "post_processor", definition.PostProcessor);
    }

    private static void WriteComponent(Utf8JsonWriter writer, string name, JsonElement? component)
    {
        writer.WritePropertyName(name);
        if (component is { } element)
        {
            element.WriteTo(writer);
        }
        else
        {
            writer.WriteNullValue();
        }
    }

    private static void WriteModel(Utf8JsonWriter writer, ModelDefinition model)
    {
        writer.WriteStartObject("model");
        writer.WriteString("type", model.Kind);
        switch (model)
        {
            case BpeDefinition bpe:
                WriteBpe(writer, bpe);
                break;
            case UnigramDefinition unigram:
                WriteUnigram(writer, unigram);
                break;
            case WordPieceDefinition wordPiece:
                writer.WriteString("unk_token", wordPiece.UnknownToken);
                writer.WriteString("continuing_subword_prefix", wordPiece.ContinuingSubwordPrefix);
                writer.WriteNumber("max_input_chars_per_word", wordPiece.MaximumWordLength);
                WriteVocabulary(writer, wordPiece.Vocabulary);
                break;
            case WordLevelDefinition wordLevel:
                WriteVocabulary(writer, wordLevel.Vocabulary);
                writer.WriteString("unk_token", wordLevel.UnknownToken);
                break;
            default:
                throw new TokenizerException("tokenizer", $"a model of kind '{model.Kind}' cannot be written.");
        }

        writer.WriteEndObject();
    }

    private static void WriteBpe(Utf8JsonWriter writer, BpeDefinition bpe)
    {
        if (bpe.Dropout is { } dropout)
        {
            writer.WriteNumber("dropout", dropout);
        }
        else
        {
            writer.WriteNull("dropout");
        }

        writer.WriteString("unk_token", bpe.UnknownToken);
        writer.WriteString("continuing_subword_prefix", bpe.ContinuingSubwordPrefix);
        writer.WriteString("end_of_word_suffix", bpe.EndOfWordSuffix);
        writer.WriteBoolean("fuse_unk", bpe.FuseUnknown);
        writer.WriteBoolean("byte_fallback", bpe.ByteFallback);
        writer.WriteBoolean("ignore_merges", bpe.IgnoreMerges);
        WriteVocabulary(writer, bpe.Vocabulary);
        var needsPairs = bpe.Merges.Any(merge => merge.Left.Contains(' ', StringComparison.Ordinal) || merge.Right.Contains(' ', StringComparison.Ordinal));
        writer.WriteStartArray("merges");
        foreach (var (left, right) in bpe.Merges)
        {
            if (needsPairs)
            {
                writer.WriteStartArray();
                writer.WriteStringValue(left);
                writer.WriteStringValue(right);
                writer.WriteEndArray();
            }
            else
            {
                writer.WriteStringValue($"{left} {right}");
            }
        }

        writer.WriteEndArray();
    }

    private static void WriteUnigram(Utf8JsonWriter writer, UnigramDefinition unigram)
    {
        if (unigram.UnknownId is { } unknown)
        {
            writer.WriteNumber("unk_id", unknown);
        }
        else
        {
            writer.WriteNull("unk_id");
        }

        writer.WriteStartArray("vocab");
        foreach (var (piece, score) in unigram.Pieces)
        {
            writer.WriteStartArray();
            writer.WriteStringValue(piece);
            // Other readers want a float: 0 is written as 0.0.
            var text = score.ToString("R", CultureInfo.InvariantCulture);
            writer.WriteRawValue(text.AsSpan().IndexOfAny('.', 'E') < 0 ? text + ".0" : text, skipInputValidation: true);
            writer.WriteEndArray();
        }

        writer.WriteEndArray();
        writer.WriteBoolean("byte_fallback", unigram.ByteFallback);
    }

    private static void WriteVocabulary(Utf8JsonWriter writer, IReadOnlyDictionary<string, int> vocabulary)
    {
        writer.WriteStartObject("vocab");
        foreach (var (token, id) in vocabulary.OrderBy(entry => entry.Value))
        {
            writer.WriteNumber(token, id);
        }

        writer.WriteEndObject();
    }
}
