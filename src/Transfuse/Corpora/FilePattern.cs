using System.IO.Enumeration;
using Transfuse.Errors;

namespace Transfuse.Corpora;

/// <summary>
/// Paths with wildcards: <c>*</c> matches any characters of one name, <c>?</c> one character, a part <c>**</c> any number of folders.
/// As in a shell, names that begin with a dot match only where the pattern spells the dot.
/// </summary>
internal static class FilePattern
{
    private static readonly EnumerationOptions Everything = new() { IgnoreInaccessible = false, AttributesToSkip = FileAttributes.None };

    /// <summary>The files that match, as full paths in ordinal order.</summary>
    /// <param name="root">Folder that a relative pattern starts from.</param>
    /// <param name="pattern">File, folder (all files below it) or pattern.</param>
    /// <exception cref="CorpusException">Nothing matches.</exception>
    public static IReadOnlyList<string> Expand(string root, string pattern)
    {
        var full = Path.GetFullPath(Path.Combine(root, pattern));
        var files = new SortedSet<string>(StringComparer.Ordinal);
        try
        {
            if (File.Exists(full))
            {
                return [full];
            }

            var (folder, parts) = Directory.Exists(full) ? (full, new[] { "**" }) : SplitAtWildcard(full);
            if (parts.Length == 0 || !Directory.Exists(folder))
            {
                throw new CorpusException(full, "does not exist. Check the path; it is relative to the recipe's folder.");
            }

            Collect(folder, parts, files);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CorpusException(full, $"cannot be listed ({exception.Message}).", exception);
        }

        return files.Count > 0
            ? [.. files]
            : throw new CorpusException(full, "matches no file. Check the pattern: '*' stays within a folder, '**' crosses folders.");
    }

    private static (string Folder, string[] Parts) SplitAtWildcard(string full)
    {
        var start = full.IndexOfAny(['*', '?']);
        if (start < 0)
        {
            return (full, []);
        }

        var separator = full.LastIndexOf(Path.DirectorySeparatorChar, start);
        return (full[..(separator + 1)], full[(separator + 1)..].Split(Path.DirectorySeparatorChar));
    }

    private static void Collect(string folder, ReadOnlySpan<string> parts, SortedSet<string> files)
    {
        var part = parts[0];
        var last = parts.Length == 1;
        if (part is "**")
        {
            Collect(folder, last ? ["*"] : parts[1..], files);
            foreach (var child in new DirectoryInfo(folder).EnumerateDirectories("*", Everything))
            {
                // A link to a folder could lead back up: following it might never end.
                if (child.LinkTarget is null && !child.Name.StartsWith('.'))
                {
                    Collect(child.FullName, parts, files);
                }
            }

            return;
        }

        foreach (var entry in new DirectoryInfo(folder).EnumerateFileSystemInfos("*", Everything))
        {
            if (!FileSystemName.MatchesSimpleExpression(part, entry.Name, ignoreCase: false)
                || (entry.Name.StartsWith('.') && !part.StartsWith('.')))
            {
                continue;
            }

            if (entry is DirectoryInfo && !last)
            {
                Collect(entry.FullName, parts[1..], files);
            }
            else if (entry is FileInfo && last)
            {
                files.Add(entry.FullName);
            }
        }
    }
}
