using System.Text;

namespace Transfuse.Corpora.SdkDocumentation;

/// <summary>Puts types together to documents of a size that suits small models: some hundred bytes to some kilobytes.</summary>
internal static class DocumentationPages
{
    private const int SmallestBytes = 400;
    private const int LargestBytes = 4096;

    /// <summary>
    /// Pages with the full name of their first type. A type begins with a line of its name; one that is too long continues on further
    /// pages (<c>#1</c>, <c>#2</c> …), too short ones of one namespace are put together.
    /// </summary>
    public static IEnumerable<(string Name, string Text)> Compose(IEnumerable<DocumentedType> types)
    {
        var page = new StringBuilder();
        string? name = null;
        foreach (var type in types)
        {
            if (name is not null && (page.Length >= SmallestBytes || !SameNamespace(name, type.Name)))
            {
                yield return (name, page.ToString());
                page.Clear();
                name = null;
            }

            var (part, size) = (0, Start(page, type));
            name ??= type.Name;
            foreach (var line in type.Lines)
            {
                var bytes = Encoding.UTF8.GetByteCount(line) + 1;
                if (size >= SmallestBytes && size + bytes > LargestBytes)
                {
                    yield return (name, page.ToString());
                    page.Clear();
                    name = $"{type.Name}#{++part}";
                    size = Start(page, type);
                }

                page.Append('\n').Append(line);
                size += bytes;
            }
        }

        if (name is not null)
        {
            yield return (name, page.ToString());
        }
    }

    private static int Start(StringBuilder page, DocumentedType type)
    {
        page.Append(page.Length == 0 ? "" : "\n\n").Append(type.Name.AsSpan(type.Name.LastIndexOf('.') + 1));
        return page.Length;
    }

    private static bool SameNamespace(string a, string b) => Namespace(a).SequenceEqual(Namespace(b));

    private static ReadOnlySpan<char> Namespace(string name) => name.AsSpan(0, Math.Max(0, name.LastIndexOf('.')));
}
