using Transfuse.Tokenization;

namespace Transfuse.Alignment;

/// <summary>
/// The target token that the reader of a source token's bytes c would see first: the target token with the bytes c; else, if c does not
/// begin a longer target token (which one would be a guess: left unmapped), the longest target token that begins c. Special tokens are
/// mapped by role, other tokens without bytes by equal spelling.
/// </summary>
/// <remarks>
/// Bytes are those of a token inside a text. Of several target tokens with equal bytes the one with the source's own spelling is
/// taken, then one that is no byte token (<c>&lt;0x21&gt;</c>), then the lowest id, so that equal vocabularies give the identity.
/// </remarks>
public static class PrefixMap
{
    /// <summary>Builds the map of two tokenizers.</summary>
    /// <param name="source">Tokenizer of the source model.</param>
    /// <param name="target">Tokenizer of the target model.</param>
    public static VocabularyMap Build(Tokenizer source, Tokenizer target)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(target);
        return VocabularyMap.OneToOne(
            VocabularyMapKind.Prefix, source.ContentHash, target.ContentHash, target.VocabularySize, TargetOf(source, target));
    }

    /// <summary>Per source id the target id, or −1.</summary>
    internal static int[] TargetOf(Tokenizer source, Tokenizer target)
    {
        var pieces = new ByteTrie();
        for (var id = 0; id < target.VocabularySize; id++)
        {
            pieces.Add(target.TokenBytes(id).Span, id, isByteToken: IsByteToken(target.TokenString(id)));
        }

        var targetOf = new int[source.VocabularySize];
        for (var id = 0; id < targetOf.Length; id++)
        {
            targetOf[id] = Find(source, target, pieces, id);
        }

        SpecialRoles.Apply(source, target, targetOf);
        return targetOf;
    }

    private static int Find(Tokenizer source, Tokenizer target, ByteTrie pieces, int id)
    {
        var bytes = source.TokenBytes(id).Span;
        var sameSpelling = source.TokenString(id) is { } spelling ? target.TokenId(spelling) : null;
        if (sameSpelling is { } same && target.TokenBytes(same).Span.SequenceEqual(bytes))
        {
            return same;
        }

        return bytes.IsEmpty ? -1 : pieces.FirstTokenOf(bytes);
    }

    private static bool IsByteToken(string? piece) =>
        piece is { Length: 6 } && piece.StartsWith("<0x", StringComparison.Ordinal) && piece[5] == '>';
}
