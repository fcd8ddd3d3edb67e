using System.Text;
using Transfuse.Errors;

namespace Transfuse.Corpora;

/// <summary>Plain text files. Lines come out separated by LF, without one at the end.</summary>
internal static class TextFile
{
    private const long LongestFile = 512L << 20;

    /// <summary>A whole file as one text.</summary>
    /// <exception cref="CorpusException">The file cannot be read, is too long for one document or is no UTF-8.</exception>
    public static string Read(string path)
    {
        var text = new StringBuilder();
        foreach (var line in Utf8Lines.Read(path))
        {
            if (line.Offset > LongestFile)
            {
                throw new CorpusException(
                    path, $"is longer than {LongestFile >> 20} MiB, too long for one document. "
                    + "Split it, or use 'split at blank lines' or JSON lines.");
            }

            if (line.Number > 1)
            {
                text.Append('\n');
            }

            text.Append(line.Decode(path));
        }

        return text.ToString();
    }

    /// <summary>Groups of lines between blank lines, each with the number of its first line.</summary>
    /// <exception cref="CorpusException">The file cannot be read or is no UTF-8.</exception>
    public static IEnumerable<(long Line, string Text)> ReadParagraphs(string path)
    {
        var text = new StringBuilder();
        long first = 0;
        foreach (var line in Utf8Lines.Read(path))
        {
            if (!line.IsBlank)
            {
                first = text.Length == 0 ? line.Number : first;
                text.Append(text.Length == 0 ? "" : "\n").Append(line.Decode(path));
            }
            else if (text.Length > 0)
            {
                yield return (first, text.ToString());
                text.Clear();
            }
        }

        if (text.Length > 0)
        {
            yield return (first, text.ToString());
        }
    }
}
