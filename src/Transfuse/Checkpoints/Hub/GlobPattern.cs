namespace Transfuse.Checkpoints.Hub;

/// <summary>Patterns for files as the hub's own tools read them: <c>*</c> is any characters, slashes too, <c>?</c> one, <c>[abc]</c> one of a set.</summary>
internal static class GlobPattern
{
    /// <summary>Whether a path matches a pattern as a whole.</summary>
    internal static bool Matches(string pattern, string path)
    {
        var (p, t) = (0, 0);
        var (star, resume) = (-1, 0);
        while (t < path.Length)
        {
            if (p < pattern.Length && pattern[p] == '*')
            {
                (star, resume) = (p++, t);
            }
            else if (p < pattern.Length && MatchesOne(pattern, p, path[t], out var next))
            {
                (p, t) = (next, t + 1);
            }
            else if (star >= 0)
            {
                (p, t) = (star + 1, ++resume);
            }
            else
            {
                return false;
            }
        }

        return pattern.AsSpan(p).TrimStart('*').IsEmpty;
    }

    private static bool MatchesOne(string pattern, int at, char character, out int next)
    {
        next = at + 1;
        if (pattern[at] != '[')
        {
            return pattern[at] == '?' || pattern[at] == character;
        }

        var isNegated = at + 1 < pattern.Length && pattern[at + 1] is '!' or '^';
        var first = at + (isNegated ? 2 : 1);
        var end = first < pattern.Length ? pattern.IndexOf(']', first + 1) : -1;
        if (end < 0)
        {
            return character == '[';
        }

        next = end + 1;
        return InSet(pattern.AsSpan(first, end - first), character) != isNegated;
    }

    private static bool InSet(ReadOnlySpan<char> set, char character)
    {
        for (var i = 0; i < set.Length; i++)
        {
            if (i + 2 < set.Length && set[i + 1] == '-')
            {
                if (character >= set[i] && character <= set[i + 2])
                {
                    return true;
                }

                i += 2;
            }
            else if (set[i] == character)
            {
                return true;
            }
        }

        return false;
    }
}
