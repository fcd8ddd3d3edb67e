namespace Transfuse.Corpora.SdkDocumentation;

/// <summary>
/// Which assembly's documentation belongs to which domain. The domains are chosen so that each speaks of one subject and, in SDK 10, the
/// named ones have enough prose to train a small model on. <c>intrinsics</c> is the exception in kind: four fifths of it are instruction
/// signatures, which make it easy to learn and unlike every other domain.
/// </summary>
public static class DocumentationDomains
{
    /// <summary>Domain of assemblies that no prefix names.</summary>
    public const string Other = "runtime";

    private static readonly (string Prefix, string Domain)[] Prefixes =
    [
        ("System.Security", "security"),
        ("System.Formats.Asn1", "security"),
        ("Microsoft.AspNetCore.DataProtection", "security"),
        ("Microsoft.AspNetCore.Cryptography", "security"),
        ("Microsoft.AspNetCore.Authentication", "security"),
        ("Microsoft.AspNetCore.Authorization", "security"),
        ("Microsoft.AspNetCore.Antiforgery", "security"),
        ("System.Data", "data"),
        ("System.Xml", "data"),
        ("System.Private.Xml", "data"),
        ("System.Text.Json", "data"),
        ("System.Runtime.Serialization", "data"),
        ("System.Transactions", "data"),
        ("System.Formats.Cbor", "data"),
        ("System.Net", "networking"),
        ("System.IO.Pipelines", "networking"),
        ("System.IO.Pipes", "networking"),
        ("Microsoft.Net.Http", "networking"),
        ("System.Runtime.Intrinsics", "intrinsics"),
        ("System.Numerics", "intrinsics"),
        ("System.Runtime.Numerics", "intrinsics"),
        ("Microsoft.AspNetCore", "web"),
        ("Microsoft.JSInterop", "web"),
        ("Microsoft.Extensions.Identity", "web"),
        ("Microsoft.Extensions.Validation", "web"),
        ("System.Web", "web"),
        ("System.Text.Encodings.Web", "web"),
        ("System.Reflection", "reflection"),
        ("System.Linq.Expressions", "reflection"),
        ("System.Runtime.InteropServices", "reflection"),
        ("System.Runtime.CompilerServices", "reflection"),
        ("System.Runtime.Loader", "reflection"),
        ("Microsoft.CSharp", "reflection"),
        ("Microsoft.VisualBasic", "reflection"),
        ("System.Collections", "collections"),
        ("System.Linq", "collections"),
        ("System.ObjectModel", "collections"),
        ("System.Memory", "collections"),
        ("System.Threading", "collections"),
        ("Microsoft.Extensions", "components"),
        ("System.ComponentModel", "components"),
        ("System.Diagnostics", "components"),
        ("System.Drawing", "components"),
    ];

    /// <summary>All domains in ordinal order.</summary>
    public static IReadOnlyList<string> All { get; } =
        [.. Prefixes.Select(entry => entry.Domain).Append(Other).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];

    /// <summary>Domain of an assembly: that of the longest prefix, in whole name parts.</summary>
    public static string Of(string assembly)
    {
        ArgumentNullException.ThrowIfNull(assembly);
        var (prefix, domain) = ("", Other);
        foreach (var entry in Prefixes)
        {
            if (entry.Prefix.Length > prefix.Length
                && assembly.StartsWith(entry.Prefix, StringComparison.OrdinalIgnoreCase)
                && (assembly.Length == entry.Prefix.Length || assembly[entry.Prefix.Length] == '.'))
            {
                (prefix, domain) = entry;
            }
        }

        return domain;
    }
}
