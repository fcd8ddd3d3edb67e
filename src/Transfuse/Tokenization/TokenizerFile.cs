using System.Text.Json;
using Transfuse.Errors;
using Transfuse.Tokenization.Json;

namespace Transfuse.Tokenization;

/// <summary>Reads and writes tokenizers in the files that the field uses.</summary>
public static class TokenizerFile
{
    private const string TokenizerName = "tokenizer.json";
    private const string ConfigurationName = "tokenizer_config.json";
    private const string SpecialTokensName = "special_tokens_map.json";

    /// <summary>Reads a tokenizer.</summary>
    /// <param name="path">
    /// A folder with tokenizer.json (and tokenizer_config.json, special_tokens_map.json, which name BOS and EOS), or such a file.
    /// </param>
    /// <exception cref="TokenizerException">Nothing readable is there; the message says what, where and what to do.</exception>
    public static Tokenizer Load(string path) => LoadDefinition(path).Build(path);

    /// <summary>Reads a tokenizer's data without building it.</summary>
    /// <inheritdoc cref="Load"/>
    public static TokenizerDefinition LoadDefinition(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        var isFolder = Directory.Exists(path);
        var file = isFolder ? Path.Combine(path, TokenizerName) : path;
        if (!File.Exists(file))
        {
            throw new TokenizerException(path, $"has no tokenizer: expected a folder with {TokenizerName} or such a file.");
        }

        using var document = TokenizerJsonReader.Parse(ReadAll(file), file);
        var definition = TokenizerJsonReader.Read(document.RootElement, file);
        return isFolder ? SpecialTokenRoles.Apply(definition, ReadSide(path, ConfigurationName), ReadSide(path, SpecialTokensName)) : definition;
    }

    /// <summary>Writes tokenizer.json and tokenizer_config.json; each appears under its name only when it is complete.</summary>
    /// <param name="tokenizer">A tokenizer that was trained, built from a definition or loaded.</param>
    /// <param name="folder">Folder, created if it is not there.</param>
    /// <exception cref="TokenizerException">The files cannot be written, or the tokenizer is of a kind that has no such form.</exception>
    public static void Save(Tokenizer tokenizer, string folder)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        ArgumentNullException.ThrowIfNull(folder);
        if (tokenizer is not PipelineTokenizer pipeline)
        {
            throw new TokenizerException(folder, $"a tokenizer of type {tokenizer.GetType().Name} has no form as {TokenizerName}.");
        }

        try
        {
            Directory.CreateDirectory(folder);
            WriteComplete(Path.Combine(folder, TokenizerName), TokenizerJsonWriter.Write(pipeline.Definition));
            WriteComplete(Path.Combine(folder, ConfigurationName), SpecialTokenRoles.Write(pipeline.Definition));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new TokenizerException(folder, $"cannot be written: {exception.Message}", exception);
        }
    }

    private static void WriteComplete(string path, byte[] contents)
    {
        var partial = path + ".partial";
        File.WriteAllBytes(partial, contents);
        File.Move(partial, path, overwrite: true);
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
}
