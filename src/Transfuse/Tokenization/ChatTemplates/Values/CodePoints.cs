using System.Text;

namespace Transfuse.Tokenization.ChatTemplates.Values;

/// <summary>Texts counted in code points, as Python does, while .NET counts UTF-16 units.</summary>
internal static class CodePoints
{
    /// <summary>Number of code points.</summary>
    internal static int Count(ReadOnlySpan<char> text)
    {
        var count = text.Length;
        for (var i = 0; i + 1 < text.Length; i++)
        {
            if (char.IsSurrogatePair(text[i], text[i + 1]))
            {
                count--;
                i++;
            }
        }

        return count;
    }

    /// <summary>The code points, each as a text.</summary>
    internal static List<string> Split(string text)
    {
        var points = new List<string>(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            var length = i + 1 < text.Length && char.IsSurrogatePair(text[i], text[i + 1]) ? 2 : 1;
            points.Add(text.Substring(i, length));
            i += length - 1;
        }

        return points;
    }

    /// <summary>The items of <paramref name="text"/> at the places of a slice.</summary>
    internal static string Pick(string text, IEnumerable<int> places)
    {
        var picked = new StringBuilder();
        if (Count(text) == text.Length)
        {
            foreach (var place in places)
            {
                picked.Append(text[place]);
            }
        }
        else
        {
            var points = Split(text);
            foreach (var place in places)
            {
                picked.Append(points[place]);
            }
        }

        return picked.ToString();
    }

    /// <summary>Where in UTF-16 units a code point begins; the text's length for one behind the end.</summary>
    internal static int Unit(string text, int point)
    {
        var unit = 0;
        for (; point > 0 && unit < text.Length; point--)
        {
            unit += unit + 1 < text.Length && char.IsSurrogatePair(text[unit], text[unit + 1]) ? 2 : 1;
        }

        return unit;
    }
}
