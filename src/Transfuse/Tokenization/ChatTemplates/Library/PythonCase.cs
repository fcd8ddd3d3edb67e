using System.Collections.Frozen;
using System.Text;
using Transfuse.Tokenization.ChatTemplates.Values;

namespace Transfuse.Tokenization.ChatTemplates.Library;

/// <summary>Upper and lower case as in Python: Unicode's full mappings, by which a character may become several, while .NET's are one to one.</summary>
internal static class PythonCase
{
    // Unicode's SpecialCasing.txt, unconditional mappings: a character, then its upper case.
    private const string Special =
        "\u00df\u0053\u0053 \u0149\u02bc\u004e \u01f0\u004a\u030c \u0390\u0399\u0308\u0301 \u03b0\u03a5\u0308\u0301 "
        + "\u0587\u0535\u0552 \u1e96\u0048\u0331 \u1e97\u0054\u0308 \u1e98\u0057\u030a \u1e99\u0059\u030a "
        + "\u1e9a\u0041\u02be \u1f50\u03a5\u0313 \u1f52\u03a5\u0313\u0300 \u1f54\u03a5\u0313\u0301 "
        + "\u1f56\u03a5\u0313\u0342 \u1f80\u1f08\u0399 \u1f81\u1f09\u0399 \u1f82\u1f0a\u0399 \u1f83\u1f0b\u0399 "
        + "\u1f84\u1f0c\u0399 \u1f85\u1f0d\u0399 \u1f86\u1f0e\u0399 \u1f87\u1f0f\u0399 \u1f88\u1f08\u0399 "
        + "\u1f89\u1f09\u0399 \u1f8a\u1f0a\u0399 \u1f8b\u1f0b\u0399 \u1f8c\u1f0c\u0399 \u1f8d\u1f0d\u0399 "
        + "\u1f8e\u1f0e\u0399 \u1f8f\u1f0f\u0399 \u1f90\u1f28\u0399 \u1f91\u1f29\u0399 \u1f92\u1f2a\u0399 "
        + "\u1f93\u1f2b\u0399 \u1f94\u1f2c\u0399 \u1f95\u1f2d\u0399 \u1f96\u1f2e\u0399 \u1f97\u1f2f\u0399 "
        + "\u1f98\u1f28\u0399 \u1f99\u1f29\u0399 \u1f9a\u1f2a\u0399 \u1f9b\u1f2b\u0399 \u1f9c\u1f2c\u0399 "
        + "\u1f9d\u1f2d\u0399 \u1f9e\u1f2e\u0399 \u1f9f\u1f2f\u0399 \u1fa0\u1f68\u0399 \u1fa1\u1f69\u0399 "
        + "\u1fa2\u1f6a\u0399 \u1fa3\u1f6b\u0399 \u1fa4\u1f6c\u0399 \u1fa5\u1f6d\u0399 \u1fa6\u1f6e\u0399 "
        + "\u1fa7\u1f6f\u0399 \u1fa8\u1f68\u0399 \u1fa9\u1f69\u0399 \u1faa\u1f6a\u0399 \u1fab\u1f6b\u0399 "
        + "\u1fac\u1f6c\u0399 \u1fad\u1f6d\u0399 \u1fae\u1f6e\u0399 \u1faf\u1f6f\u0399 \u1fb2\u1fba\u0399 "
        + "\u1fb3\u0391\u0399 \u1fb4\u0386\u0399 \u1fb6\u0391\u0342 \u1fb7\u0391\u0342\u0399 \u1fbc\u0391\u0399 "
        + "\u1fc2\u1fca\u0399 \u1fc3\u0397\u0399 \u1fc4\u0389\u0399 \u1fc6\u0397\u0342 \u1fc7\u0397\u0342\u0399 "
        + "\u1fcc\u0397\u0399 \u1fd2\u0399\u0308\u0300 \u1fd3\u0399\u0308\u0301 \u1fd6\u0399\u0342 "
        + "\u1fd7\u0399\u0308\u0342 \u1fe2\u03a5\u0308\u0300 \u1fe3\u03a5\u0308\u0301 \u1fe4\u03a1\u0313 "
        + "\u1fe6\u03a5\u0342 \u1fe7\u03a5\u0308\u0342 \u1ff2\u1ffa\u0399 \u1ff3\u03a9\u0399 \u1ff4\u038f\u0399 "
        + "\u1ff6\u03a9\u0342 \u1ff7\u03a9\u0342\u0399 \u1ffc\u03a9\u0399 \ufb00\u0046\u0046 \ufb01\u0046\u0049 "
        + "\ufb02\u0046\u004c \ufb03\u0046\u0046\u0049 \ufb04\u0046\u0046\u004c \ufb05\u0053\u0054 \ufb06\u0053\u0054 "
        + "\ufb13\u0544\u0546 \ufb14\u0544\u0535 \ufb15\u0544\u053b \ufb16\u054e\u0546 \ufb17\u0544\u053d";

    private static readonly FrozenDictionary<char, string> Upper = Special.Split(' ').ToFrozenDictionary(entry => entry[0], entry => entry[1..]);

    /// <summary><c>str.upper</c>.</summary>
    internal static string ToUpper(string text)
    {
        if (text.All(char.IsAscii))
        {
            return text.ToUpperInvariant();
        }

        var upper = new StringBuilder(text.Length);
        foreach (var point in CodePoints.Split(text))
        {
            upper.Append(point.Length == 1 && Upper.TryGetValue(point[0], out var several) ? several : point.ToUpperInvariant());
        }

        return upper.ToString();
    }

    /// <summary><c>str.lower</c>: the dotted capital I keeps its dot, a sigma at the end of a word is final.</summary>
    internal static string ToLower(string text)
    {
        if (text.All(char.IsAscii))
        {
            return text.ToLowerInvariant();
        }

        var lower = new StringBuilder(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            switch (text[i])
            {
                case '\u0130':
                    lower.Append("i\u0307");
                    break;
                case '\u03a3':
                    lower.Append(IsFinalSigma(text, i) ? '\u03c2' : '\u03c3');
                    break;
                default:
                    var length = i + 1 < text.Length && char.IsSurrogatePair(text[i], text[i + 1]) ? 2 : 1;
                    lower.Append(text.Substring(i, length).ToLowerInvariant());
                    i += length - 1;
                    break;
            }
        }

        return lower.ToString();
    }

    /// <summary><c>str.capitalize</c>: the first character in upper case, the others in lower case.</summary>
    internal static string Capitalize(string text)
    {
        var first = CodePoints.Unit(text, 1);
        return Head(text[..first]) + ToLower(text[first..]);
    }

    /// <summary><c>str.title</c>: every letter after something that has no case is a head, every other lower case.</summary>
    internal static string ToTitle(string text)
    {
        var title = new StringBuilder(text.Length);
        var isInWord = false;
        foreach (var point in CodePoints.Split(text))
        {
            title.Append(isInWord ? ToLower(point) : Head(point));
            isInWord = IsCased(point);
        }

        return title.ToString();
    }

    /// <summary>Whether a code point has an upper or lower case.</summary>
    internal static bool IsCased(string point) => !string.Equals(ToUpper(point), point, StringComparison.Ordinal)
        || !string.Equals(ToLower(point), point, StringComparison.Ordinal);

    private static string Head(string point)
    {
        // Digraphs have a title case of their own.
        var digraph = "\u01c4\u01c5\u01c6\u01c7\u01c8\u01c9\u01ca\u01cb\u01cc\u01f1\u01f2\u01f3".IndexOf(point, StringComparison.Ordinal);
        if (point.Length == 1 && digraph >= 0)
        {
            return "\u01c5\u01c8\u01cb\u01f2"[digraph / 3].ToString();
        }

        var upper = ToUpper(point);
        return upper.Length <= point.Length ? upper : upper[..1] + ToLower(upper[1..]);
    }

    private static bool IsFinalSigma(string text, int at) =>
        at > 0 && char.IsLetter(text[at - 1]) && (at + 1 == text.Length || !char.IsLetter(text[at + 1]));
}
