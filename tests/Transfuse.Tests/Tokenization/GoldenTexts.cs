using System.Text.Json;
using Transfuse.Tests.Shared;

namespace Transfuse.Tests.Tokenization;

/// <summary>Finds the reference material for tokenizers.</summary>
internal static class GoldenTexts
{
    internal const string Area = "tokenizers";

    internal static string Folder(string name) => Path.Combine(Golden.Root, Area, name);

    internal static JsonDocument Read(params string[] path) => JsonDocument.Parse(File.ReadAllBytes(Path.Combine([Golden.Root, Area, .. path])));

    /// <summary>Names of the cases that have a file.</summary>
    internal static TheoryData<string> CasesWith(string file)
    {
        var folder = Path.Combine(Golden.Root, Area);
        IEnumerable<string> folders = Directory.Exists(folder) ? Directory.GetDirectories(folder) : [];
        return [.. folders.Where(path => File.Exists(Path.Combine(path, file))).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];
    }

    /// <summary>Names of the JSON files of a folder.</summary>
    internal static TheoryData<string> FilesOf(string folder)
    {
        var path = Folder(folder);
        IEnumerable<string> files = Directory.Exists(path) ? Directory.GetFiles(path, "*.json") : [];
        return [.. files.Select(file => Path.GetFileName(file)).Order(StringComparer.Ordinal)];
    }

    /// <summary>The texts that all cases share.</summary>
    internal static Dictionary<string, string> Texts()
    {
        using var texts = Read("texts.json");
        return texts.RootElement.GetProperty("texts").EnumerateArray()
            .ToDictionary(text => text.GetProperty("t").GetString()!, text => text.GetProperty("text").GetString()!, StringComparer.Ordinal);
    }

    /// <summary>Byte positions as positions in code points.</summary>
    internal static List<int> ToCharacters(byte[] text, IReadOnlyList<int> positions)
    {
        var index = new int[text.Length + 1];
        for (var i = 0; i < text.Length; i++)
        {
            index[i + 1] = index[i] + ((i + 1 == text.Length || (text[i + 1] & 0xC0) != 0x80) ? 1 : 0);
        }

        return [.. positions.Select(position => index[position])];
    }
}
