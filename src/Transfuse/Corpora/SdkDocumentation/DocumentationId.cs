namespace Transfuse.Corpora.SdkDocumentation;

/// <summary>Names in XML documentation: <c>T:System.Foo.Bar`1</c>, <c>M:System.Foo.Bar.Baz(System.Int32)</c>.</summary>
internal static class DocumentationId
{
    /// <summary>Full name of the type that an id names or whose member it names, without arity: <c>System.Foo.Bar</c>.</summary>
    public static string TypeName(string id)
    {
        var name = WithoutSignature(id);
        return IsMember(id) ? name[..Math.Max(0, name.LastIndexOf('.'))] : name;
    }

    /// <summary>What a reader would call it: <c>Bar</c> for a type or its constructor, <c>Bar.Baz</c> for a member.</summary>
    public static string ReadableName(string id)
    {
        var name = WithoutSignature(id);
        var last = name.LastIndexOf('.');
        if (last < 0 || !IsMember(id))
        {
            return name[(last + 1)..];
        }

        // Explicit implementations spell the interface with '#': System#Collections#IList#Add.
        var member = name[(name.LastIndexOfAny(['.', '#']) + 1)..];
        var type = name[(name.LastIndexOf('.', last - 1) + 1)..last];
        return member is "ctor" or "cctor" ? type : $"{type}.{member}";
    }

    private static bool IsMember(string id) =>
        id.Length > 1 && id[1] == ':' ? id[0] is 'M' or 'P' or 'F' or 'E' : id.StartsWith("Overload:", StringComparison.Ordinal);

    private static string WithoutSignature(string id)
    {
        var start = id.IndexOf(':', StringComparison.Ordinal) + 1;
        var end = id.IndexOfAny(['(', '{', '~', '*', '%'], start);
        var name = id[start..(end < 0 ? id.Length : end)];
        return name.Contains('`', StringComparison.Ordinal)
            ? string.Join('.', name.Split('.').Select(part => part.IndexOf('`', StringComparison.Ordinal) is > 0 and var arity ? part[..arity] : part))
            : name;
    }
}
