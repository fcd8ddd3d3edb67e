using System.Text;
using Transfuse.Tokenization.Text;

namespace Transfuse.Tokenization.Normalizers;

/// <summary>
/// The Unicode normalisation forms (UAX 15). Text is cut where no composition can cross, and each cluster that changes is mapped back
/// through the canonical decomposition of its characters: a composed character stands for all that went into it.
/// </summary>
internal sealed class UnicodeNormalizer(NormalizationForm form) : Normalizer
{
    // .NET refuses to normalise this noncharacter, which takes part in no composition.
    private const char Refused = '\uFFFE';
    private const char Stand = '\uFFFF';

    private readonly NormalizationForm _decomposition =
        form is NormalizationForm.FormC or NormalizationForm.FormD ? NormalizationForm.FormD : NormalizationForm.FormKD;

    /// <inheritdoc/>
    public override TextSlice Apply(TextSlice slice)
    {
        var span = slice.Span;
        if (!span.ContainsAnyExceptInRange((byte)0, (byte)0x7F) || Utf8.String(span).Replace(Refused, Stand).IsNormalized(form))
        {
            return slice;
        }

        var builder = new AlignedTextBuilder(2 * slice.Length);
        for (var start = slice.Start; start < slice.End;)
        {
            var end = EndOfCluster(slice, start);
            AppendCluster(builder, slice.Text, start, end);
            start = end;
        }

        return builder.Build().All;
    }

    private static int EndOfCluster(TextSlice slice, int start)
    {
        var text = slice.Text.Bytes;
        var first = Utf8.Decode(text, start, out var firstLength);
        var end = start + firstLength;
        while (first != Refused && end < slice.End && CombinesWithPrevious(Utf8.Decode(text, end, out var length)))
        {
            end += length;
        }

        return end;
    }

    /// <summary>Marks, Hangul vowels and trailing consonants, and what decomposes to those: half-width voicing marks, compatibility jamo.</summary>
    private static bool CombinesWithPrevious(int scalar) => scalar >= 0x300
        && (Scalars.IsMark(scalar) || scalar is (>= 0x1160 and <= 0x11FF) or (>= 0xD7B0 and <= 0xD7FF) or 0xFF9E or 0xFF9F
            or (>= 0x3131 and <= 0x318E) or (>= 0xFFA0 and <= 0xFFDC));

    private void AppendCluster(AlignedTextBuilder builder, AlignedText text, int start, int end)
    {
        var cluster = Utf8.String(text.Bytes.AsSpan(start, end - start));
        if (cluster[0] == Refused || cluster.IsNormalized(form))
        {
            builder.Copy(text, start, end);
            return;
        }

        var sources = Decompose(text, start, end);
        var runes = cluster.Normalize(form).EnumerateRunes().ToArray();
        var origins = Array.ConvertAll(runes, rune => Origin(rune, sources, text, start, end));
        // Marks that change places keep the order of their ranges: spans ascend.
        Array.Sort(origins);
        for (var i = 0; i < runes.Length; i++)
        {
            builder.Append(runes[i].Value, origins[i].Start, origins[i].End);
        }
    }

    /// <summary>The decomposed characters of a cluster, each with the range of the original that it comes from.</summary>
    private List<(int Scalar, int Start, int End)> Decompose(AlignedText text, int start, int end)
    {
        var sources = new List<(int, int, int)>();
        for (var i = start; i < end;)
        {
            var scalar = Utf8.Decode(text.Bytes, i, out var length);
            var origin = text.Origin(i, i + length);
            foreach (var part in new Rune(scalar).ToString().Normalize(_decomposition).EnumerateRunes())
            {
                sources.Add((part.Value, origin.Start, origin.End));
            }

            i += length;
        }

        return sources;
    }

    /// <summary>The union of the ranges of what a character is composed of; takes them out of <paramref name="sources"/>.</summary>
    private (int Start, int End) Origin(Rune rune, List<(int Scalar, int Start, int End)> sources, AlignedText text, int start, int end)
    {
        var (from, to) = (int.MaxValue, -1);
        foreach (var part in rune.ToString().Normalize(_decomposition).EnumerateRunes())
        {
            var index = sources.FindIndex(source => source.Scalar == part.Value);
            if (index >= 0)
            {
                from = Math.Min(from, sources[index].Start);
                to = Math.Max(to, sources[index].End);
                sources.RemoveAt(index);
            }
        }

        return to < 0 ? (text.OriginStart(start), text.OriginEnd(end - 1)) : (from, to);
    }
}
