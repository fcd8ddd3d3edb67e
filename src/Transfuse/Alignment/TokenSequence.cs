using Transfuse.Distributions;
using Transfuse.Errors;
using Transfuse.Tokenization;

namespace Transfuse.Alignment;

/// <summary>A tokenised text as alignment sees it.</summary>
public sealed record TokenSequence
{
    /// <summary>Creates a sequence.</summary>
    /// <param name="ids">Token ids; not copied.</param>
    /// <param name="ends">Byte of the text at which each token ends, ascending; 0 for BOS; not copied.</param>
    /// <exception cref="TransfuseException">The lengths differ, or the ends descend.</exception>
    public TokenSequence(int[] ids, int[] ends)
    {
        ArgumentNullException.ThrowIfNull(ids);
        ArgumentNullException.ThrowIfNull(ends);
        if (ids.Length != ends.Length)
        {
            throw new TransfuseException($"A token sequence has {ids.Length} ids but {ends.Length} byte offsets; both must have one entry a token.");
        }

        for (var i = 1; i < ends.Length; i++)
        {
            if (ends[i] < ends[i - 1])
            {
                throw new TransfuseException(
                    $"Token {i} ends at byte {ends[i]}, before its predecessor's {ends[i - 1]}; byte offsets must ascend. Tokenise the text again.");
            }
        }

        Ids = ids;
        Ends = ends;
    }

    /// <summary>Token ids.</summary>
    public int[] Ids { get; }

    /// <summary>Byte of the text at which each token ends.</summary>
    public int[] Ends { get; }

    /// <summary>Number of tokens.</summary>
    public int Count => Ids.Length;

    /// <summary>The sequence of a tokenizer's output.</summary>
    public static TokenSequence From(Encoding encoding)
    {
        ArgumentNullException.ThrowIfNull(encoding);
        return new TokenSequence(encoding.Ids, Array.ConvertAll(encoding.Spans, span => span.End));
    }

    /// <summary>The sequence that a source's distributions belong to.</summary>
    public static TokenSequence From(DocumentDistributions document)
    {
        ArgumentNullException.ThrowIfNull(document);
        return new TokenSequence(document.TokenIds, document.TokenEnds);
    }
}
