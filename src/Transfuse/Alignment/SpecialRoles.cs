using Transfuse.Tokenization;

namespace Transfuse.Alignment;

/// <summary>Special tokens stand for a role, not for a text: they are mapped by role, whatever their spelling.</summary>
internal static class SpecialRoles
{
    /// <summary>
    /// Sets BOS → BOS, then EOS → EOS in a one-to-one map. EOS comes last: where one token has both roles, as a <em>next</em> token it ends the text.
    /// </summary>
    internal static void Apply(int? sourceBos, int? sourceEos, int? targetBos, int? targetEos, Span<int> targetOf)
    {
        if (sourceBos is { } bos && targetBos is { } targetBegin && bos < targetOf.Length)
        {
            targetOf[bos] = targetBegin;
        }

        if (sourceEos is { } eos && targetEos is { } targetEnd && eos < targetOf.Length)
        {
            targetOf[eos] = targetEnd;
        }
    }

    /// <summary>The same for two tokenizers.</summary>
    internal static void Apply(Tokenizer source, Tokenizer target, Span<int> targetOf) =>
        Apply(source.BosId, source.EosId, target.BosId, target.EosId, targetOf);
}
