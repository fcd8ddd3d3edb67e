using System.Text;

namespace Transfuse.Alignment;

/// <summary>
/// FuseChat's sequence level: dynamic time warping over decoded tokens, then a search for a source position that ends where the target's
/// token ends, judged by suffixes of the decoded strings.
/// </summary>
public sealed class FuseChatAligner : SequenceAligner
{
    private readonly PieceVocabulary _source;
    private readonly PieceVocabulary _target;
    private readonly DynamicTimeWarping _warping;
    private readonly FuseChatMatch _match;

    /// <summary>Creates the aligner.</summary>
    /// <param name="source">The source's vocabulary.</param>
    /// <param name="target">The target's vocabulary.</param>
    /// <param name="match">When a matched position is used.</param>
    public FuseChatAligner(PieceVocabulary source, PieceVocabulary target, FuseChatMatch match = FuseChatMatch.SuffixOfSeveral)
    {
        _warping = new DynamicTimeWarping(new PieceDistance(source, target, decoded: true), TieOrder.FuseChat);
        _source = source;
        _target = target;
        _match = match;
    }

    /// <inheritdoc/>
    public override void Align(TokenSequence target, TokenSequence source, Span<int> rows)
    {
        ArgumentNullException.ThrowIfNull(target);
        ArgumentNullException.ThrowIfNull(source);
        ArgumentOutOfRangeException.ThrowIfNotEqual(rows.Length, target.Count, nameof(rows));
        rows.Fill(Unaligned);
        if (target.Count == 0 || source.Count == 0)
        {
            return;
        }

        var path = _warping.Align(source.Ids, target.Ids);
        for (var i = 0; i < rows.Length; i++)
        {
            var matches = path.SourcesOf(i);
            if (matches.Length == 1 || _match == FuseChatMatch.SuffixOfSeveral)
            {
                rows[i] = Choose(_target.Decoded(target.Ids[i]), matches, source.Ids);
            }
        }
    }

    private int Choose(string targetText, ReadOnlySpan<int> matches, int[] sourceIds)
    {
        foreach (var match in matches)
        {
            if (Fits(_source.Decoded(sourceIds[match]), targetText))
            {
                return match;
            }
        }

        return matches.Length == 1 ? Unaligned : Consume(targetText, matches, sourceIds);
    }

    private bool Fits(string sourceText, string targetText) => _match == FuseChatMatch.Equal
        ? string.Equals(sourceText, targetText, StringComparison.Ordinal)
        : SuffixRelated(sourceText, targetText);

    /// <summary>Spells the target's string with the source strings in order; the last one used has read what the target has read.</summary>
    private int Consume(string targetText, ReadOnlySpan<int> matches, int[] sourceIds)
    {
        var remaining = targetText.AsSpan();
        var whole = new StringBuilder();
        var last = Unaligned;
        foreach (var match in matches)
        {
            var text = _source.Decoded(sourceIds[match]);
            whole.Append(text);
            if (remaining.Length > 0 && remaining.StartsWith(text, StringComparison.Ordinal))
            {
                remaining = remaining[text.Length..];
                last = match;
            }
        }

        if (remaining.IsEmpty)
        {
            return last;
        }

        return SuffixRelated(whole.ToString(), targetText) ? Empty : Unaligned;
    }

    private static bool SuffixRelated(string a, string b) =>
        a.EndsWith(b, StringComparison.Ordinal) || b.EndsWith(a, StringComparison.Ordinal);
}
