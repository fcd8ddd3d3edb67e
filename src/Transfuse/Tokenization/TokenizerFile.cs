using System.Text.Json;
using Transfuse.Artifacts;
using Transfuse.Checkpoints.Gguf;
using Transfuse.Errors;
using Transfuse.Tokenization.Gguf;
using Transfuse.Tokenization.Json;
using Transfuse.Tokenization.SentencePiece;

namespace Transfuse.Tokenization;

/// <summary>Reads and writes tokenizers in the files that the field uses.</summary>
public static class TokenizerFile
{
    private const string TokenizerName = "tokenizer.json";
    private const string ConfigurationName = "tokenizer_config.json";
    private const string SpecialTokensName = "special_tokens_map.json";
    private const string SentencePieceExtension = ".model";
    private const string VocabularyName = "vocab.json";
    private const string MergesName = "merges.txt";
    private static readonly string[] SentencePieceNames = ["tokenizer.model", "spiece.model", "sentencepiece.bpe.model"];

    /// <summary>Reads a tokenizer.</summary>
    /// <param name="path">
    /// A folder or a file. In a folder the first of these is read: tokenizer.json; a SentencePiece model (tokenizer.model, spiece.model);
    /// vocab.json with merges.txt. tokenizer_config.json and special_tokens_map.json beside them name the tokens that begin and end texts; without either, special tokens with the
    /// usual names (<c>&lt;s&gt;</c>, <c>&lt;/s&gt;</c>, <c>&lt;|endoftext|&gt;</c> …) do. The class that tokenizer_config.json names counts as in transformers 5; a file named alone is
    /// run as it says. A GGUF file, or a folder with nothing else, holds its own.
    /// </param>
    /// <exception cref="TokenizerException">Nothing readable is there; the message says what, where and what to do.</exception>
    public static Tokenizer Load(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        if (FindGguf(path) is { } gguf)
        {
            return GgufTokenizerReader.Read(gguf).Build(gguf);
        }

        var file = FindFile(path);
        var side = Side(path, file);
        return IsSentencePiece(file) && LoadSentencePiece(file, side) is var native && !TokenizerClass.Converts(native.Model, side.Cursor)
            ? native
            : LoadDefinition(file, side).Build(file);
    }

    /// <summary>Reads a tokenizer's data without building it. A SentencePiece model is converted to the form of tokenizer.json.</summary>
    /// <param name="path">As for <see cref="Load"/>.</param>
    /// <exception cref="TokenizerException">Nothing readable is there; the message says what, where and what to do.</exception>
    public static TokenizerDefinition LoadDefinition(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        if (FindGguf(path) is { } gguf)
        {
            return GgufTokenizerReader.Read(gguf);
        }

        var file = FindFile(path);
        return LoadDefinition(file, Side(path, file));
    }

    /// <summary>Writes tokenizer.json and tokenizer_config.json; each appears under its name only when it is complete.</summary>
    /// <param name="tokenizer">A tokenizer that was trained, built from a definition or loaded. A SentencePiece model is converted.</param>
    /// <param name="folder">Folder, created if it is not there.</param>
    /// <exception cref="TokenizerException">The tokenizer is of a kind that has no such form.</exception>
    /// <exception cref="ArtifactException">The files cannot be written.</exception>
    public static void Save(Tokenizer tokenizer, string folder)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        ArgumentNullException.ThrowIfNull(folder);
        var definition = tokenizer switch
        {
            PipelineTokenizer pipeline => pipeline.Definition,
            SentencePieceTokenizer sentencePiece => sentencePiece.ToDefinition("first"),
            _ => throw new TokenizerException(folder, $"a tokenizer of type {tokenizer.GetType().Name} has no form as {TokenizerName}."),
        };
        AtomicFile.Write(Path.Combine(folder, TokenizerName), TokenizerJsonWriter.Write(definition));
        AtomicFile.Write(Path.Combine(folder, ConfigurationName), SpecialTokenRoles.Write(definition));
    }

    private static TokenizerDefinition LoadDefinition(string file, SideFiles side)
    {
        var definition = IsSentencePiece(file) ? ConvertSentencePiece(file, side) : IsNamed(file, VocabularyName) ? ReadGpt2(file, side) : ReadJson(file);
        return SpecialTokenRoles.Apply(TokenizerClass.Apply(definition, side.Cursor, file), side.Configuration, side.SpecialTokens);
    }

    private static TokenizerDefinition ReadJson(string file)
    {
        using var document = TokenizerJsonReader.Parse(ReadAll(file), file);
        return TokenizerJsonReader.Read(document.RootElement, file);
    }

    private static TokenizerDefinition ReadGpt2(string file, SideFiles side)
    {
        var merges = Path.Combine(Path.GetDirectoryName(file) ?? "", MergesName);
        return Gpt2FilesReader.Read((ReadAll(file), file), (ReadAll(merges), merges), side.Cursor);
    }

    private static TokenizerDefinition ConvertSentencePiece(string file, SideFiles side)
    {
        var native = LoadSentencePiece(file, side);
        return native.ToDefinition("first", mergesByScore: !TokenizerClass.Converts(native.Model, side.Cursor));
    }

    private static string FindFile(string path)
    {
        if (File.Exists(path))
        {
            return IsNamed(path, MergesName) ? Path.Combine(Path.GetDirectoryName(path) ?? "", VocabularyName) : path;
        }

        foreach (var name in (string[])[TokenizerName, .. SentencePieceNames, VocabularyName])
        {
            var file = Path.Combine(path, name);
            if (File.Exists(file))
            {
                return file;
            }
        }

        throw new TokenizerException(
            path, $"has no tokenizer: expected a folder with {TokenizerName}, {SentencePieceNames[0]} or {VocabularyName}, or such a file, or a GGUF file.");
    }

    /// <summary>Whether a folder has a tokenizer's file.</summary>
    internal static bool IsIn(string folder) => ((string[])[TokenizerName, .. SentencePieceNames, VocabularyName]).Any(name => File.Exists(Path.Combine(folder, name)));

    private static string? FindGguf(string path) => IsIn(path) ? null : GgufCheckpoint.FindFile(path);

    private static bool IsSentencePiece(string file) => file.EndsWith(SentencePieceExtension, StringComparison.Ordinal);

    private static bool IsNamed(string file, string name) => string.Equals(Path.GetFileName(file), name, StringComparison.Ordinal);

    /// <summary>From a bare model BOS and EOS are added only where the configuration says so; T5's tokenizers always end texts.</summary>
    private static SentencePieceTokenizer LoadSentencePiece(string file, SideFiles side)
    {
        var isT5 = side.Cursor?.String("tokenizer_class") is { } family && family.StartsWith("T5", StringComparison.Ordinal);
        var model = SentencePieceReader.Read(ReadAll(file), file);
        return new SentencePieceTokenizer(
            model, file, side.Cursor?.Boolean("add_bos_token", false) ?? false, side.Cursor?.Boolean("add_eos_token", isT5) ?? false);
    }

    /// <summary>The side files of a folder; none for a single file, except that vocab.json always comes with its folder.</summary>
    private static SideFiles Side(string path, string file)
    {
        var folder = Directory.Exists(path) ? path : IsNamed(file, VocabularyName) ? Path.GetDirectoryName(file) ?? "" : null;
        return folder is null ? default : new(ReadSide(folder, ConfigurationName), ReadSide(folder, SpecialTokensName));
    }

    private static JsonElement? ReadSide(string folder, string name)
    {
        var path = Path.Combine(folder, name);
        if (!File.Exists(path))
        {
            return null;
        }

        using var document = TokenizerJsonReader.Parse(ReadAll(path), path);
        new JsonCursor(path, "", document.RootElement).Expect(JsonValueKind.Object);
        return document.RootElement.Clone();
    }

    private static byte[] ReadAll(string path)
    {
        try
        {
            return File.ReadAllBytes(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new TokenizerException(path, $"cannot be read: {exception.Message}", exception);
        }
    }

    /// <summary>The files beside a tokenizer's own.</summary>
    private readonly record struct SideFiles(JsonElement? Configuration, JsonElement? SpecialTokens)
    {
        public JsonCursor? Cursor => Configuration is { } json ? new JsonCursor(ConfigurationName, "", json) : null;
    }
}
