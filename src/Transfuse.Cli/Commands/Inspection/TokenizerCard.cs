using System.Text.Json;
using System.Text.Json.Nodes;
using Transfuse.Tokenization;

namespace Transfuse.Cli.Commands.Inspection;

/// <summary>A tokenizer file, or a folder with one.</summary>
internal static class TokenizerCard
{
    /// <summary>Name of the file in a folder.</summary>
    internal const string FileName = "tokenizer.json";

    internal static Card Of(string path)
    {
        var (tokenizer, kind) = Load(path);
        return new Card("tokenizer")
            .Fact("algorithm", "algorithm", kind)
            .Count("vocabulary", "vocabulary", tokenizer.VocabularySize)
            .Special("begins a text", "bos", tokenizer, tokenizer.BosId)
            .Special("ends a text", "eos", tokenizer, tokenizer.EosId)
            .Fact("hash", "hash", tokenizer.ContentHash);
    }

    /// <summary>A tokenizer and its algorithm as the file names it: <c>BPE</c>, <c>Unigram</c>, <c>WordPiece</c>.</summary>
    internal static (Tokenizer Tokenizer, string? Kind) Load(string path)
    {
        var tokenizer = TokenizerFile.Load(path);
        // It was read without an error, so it is well-formed; what is asked here is only the name.
        using var document = JsonDocument.Parse(File.ReadAllBytes(Directory.Exists(path) ? Path.Combine(path, FileName) : path));
        var kind = document.RootElement.ValueKind == JsonValueKind.Object
            && document.RootElement.TryGetProperty("model", out var model) && model.ValueKind == JsonValueKind.Object
            && model.TryGetProperty("type", out var type) && type.ValueKind == JsonValueKind.String
            ? type.GetString()
            : null;
        return (tokenizer, kind);
    }

    private static Card Special(this Card card, string label, string key, Tokenizer tokenizer, int? id)
    {
        card.Json[key] = id is null ? null : new JsonObject { ["id"] = id, ["token"] = tokenizer.TokenString(id.Value) };
        return card.Line(label, id is null ? "no token" : $"{tokenizer.TokenString(id.Value)} ({id})");
    }
}
