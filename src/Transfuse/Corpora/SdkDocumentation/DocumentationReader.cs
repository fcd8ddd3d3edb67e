using System.Text;
using System.Xml;
using Transfuse.Errors;

namespace Transfuse.Corpora.SdkDocumentation;

/// <summary>Streams the members of one XML documentation file.</summary>
internal static class DocumentationReader
{
    private const int DeepestNesting = 64;

    private static readonly XmlReaderSettings Settings = new()
    {
        DtdProcessing = DtdProcessing.Prohibit,
        XmlResolver = null,
        IgnoreComments = true,
        IgnoreProcessingInstructions = true,
        MaxCharactersInDocument = 512L << 20,
    };

    /// <summary>The documented members in the file's order.</summary>
    /// <exception cref="CorpusException">The file cannot be read or is no XML.</exception>
    public static IEnumerable<DocumentedMember> Read(string path)
    {
        using var stream = Guard(path, () => new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 1 << 16));
        using var reader = Guard(path, () => XmlReader.Create(stream, Settings));
        while (Guard(path, () => NextMember(path, reader)) is { } member)
        {
            yield return member;
        }
    }

    private static DocumentedMember? NextMember(string path, XmlReader reader)
    {
        while (reader.Read())
        {
            if (reader is { NodeType: XmlNodeType.Element, Name: "member", IsEmptyElement: false }
                && reader.GetAttribute("name") is { Length: > 2 } name)
            {
                return new DocumentedMember(DocumentationId.TypeName(name), ReadParagraphs(path, reader));
            }
        }

        return null;
    }

    private static List<string> ReadParagraphs(string path, XmlReader reader)
    {
        var paragraphs = new List<string>();
        var text = new StringBuilder();
        var depth = reader.Depth;
        while (reader.Read() && reader.Depth > depth)
        {
            if (reader.Depth > depth + DeepestNesting)
            {
                throw new CorpusException(path, $"nests elements deeper than {DeepestNesting} levels. It is no documentation file.");
            }

            Append(reader, text);
            var endsBlock = reader.NodeType == XmlNodeType.EndElement || (reader.NodeType == XmlNodeType.Element && reader.IsEmptyElement);
            if (reader.Depth == depth + 1 && endsBlock)
            {
                AddFolded(text, paragraphs);
            }
        }

        return paragraphs;
    }

    private static void Append(XmlReader reader, StringBuilder text)
    {
        switch (reader.NodeType)
        {
            case XmlNodeType.Text or XmlNodeType.CDATA or XmlNodeType.Whitespace or XmlNodeType.SignificantWhitespace:
                text.Append(reader.Value);
                break;
            case XmlNodeType.Element when reader.IsEmptyElement && Reference(reader) is { } reference:
                text.Append(reference);
                break;
            case XmlNodeType.Element or XmlNodeType.EndElement when IsBlock(reader.Name):
                text.Append(' ');
                break;
        }
    }

    private static string? Reference(XmlReader reader) => reader.Name switch
    {
        "see" or "seealso" when reader.GetAttribute("cref") is { } id => DocumentationId.ReadableName(id),
        "see" or "seealso" => reader.GetAttribute("langword") ?? reader.GetAttribute("href"),
        "paramref" or "typeparamref" => reader.GetAttribute("name"),
        _ => null,
    };

    private static bool IsBlock(string element) =>
        element is not ("see" or "seealso" or "paramref" or "typeparamref" or "c" or "b" or "i" or "em" or "strong");

    private static void AddFolded(StringBuilder text, List<string> paragraphs)
    {
        var folded = string.Join(' ', text.ToString().Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        text.Clear();
        if (folded.Length > 0)
        {
            paragraphs.Add(folded);
        }
    }

    private static T Guard<T>(string path, Func<T> action)
    {
        try
        {
            return action();
        }
        catch (XmlException exception)
        {
            throw new CorpusException(path, $"is no well-formed XML: {exception.Message} Repair the .NET SDK's installation.", exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CorpusException(path, $"cannot be read ({exception.Message}).", exception);
        }
    }
}
