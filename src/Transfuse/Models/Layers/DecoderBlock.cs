using Transfuse.Tensors.Autograd;

namespace Transfuse.Models.Layers;

/// <summary>
/// One block: attention and feed-forward part, each with a norm before it, after it, or both. Sequential a = x + f·n′₁(attention(n₁x)),
/// y = a + f·n′₂(mlp(n₂a)), or parallel y = x + attention(n₁x) + mlp(n₂x), or, where norms follow the sums as in the first transformer
/// (Vaswani et al. 2017), a = n₁(x + attention(x)), y = n₂(a + mlp(a)).
/// </summary>
internal sealed class DecoderBlock
{
    internal required AttentionLayer Attention { get; init; }

    internal required FeedForwardLayer Mlp { get; init; }

    /// <summary>n₁, or null.</summary>
    internal NormLayer? AttentionNorm { get; init; }

    /// <summary>n′₁, or null.</summary>
    internal NormLayer? AttentionOutputNorm { get; init; }

    /// <summary>n₂, or null.</summary>
    internal NormLayer? MlpNorm { get; init; }

    /// <summary>n′₂, or null.</summary>
    internal NormLayer? MlpOutputNorm { get; init; }

    /// <summary>f.</summary>
    internal float ResidualFactor { get; init; } = 1;

    internal bool IsParallel { get; init; }

    /// <summary>Whether n₁ and n₂ follow the sums.</summary>
    internal bool NormsSums { get; init; }

    /// <summary>x [tokens, hidden] to [tokens, hidden].</summary>
    internal Variable Apply(Tape tape, Variable x, ForwardContext context)
    {
        if (NormsSums)
        {
            var sum = AttentionNorm!.Apply(tape, Attention.Apply(tape, x, x, context));
            return MlpNorm!.Apply(tape, Mlp.Apply(tape, sum, sum));
        }

        var taken = AttentionNorm?.Apply(tape, x) ?? x;
        var attended = IsPlain(AttentionOutputNorm)
            ? Attention.Apply(tape, taken, x, context)
            : Join(tape, x, AttentionOutputNorm, Attention.Apply(tape, taken, residual: null, context));
        var input = IsParallel ? x : attended;
        taken = MlpNorm?.Apply(tape, input) ?? input;
        return IsPlain(MlpOutputNorm)
            ? Mlp.Apply(tape, taken, attended)
            : Join(tape, attended, MlpOutputNorm, Mlp.Apply(tape, taken, residual: null));
    }

    /// <summary>Whether the part's last projection can add the residual itself.</summary>
    private bool IsPlain(NormLayer? outputNorm) => outputNorm is null && ResidualFactor == 1;

    private Variable Join(Tape tape, Variable residual, NormLayer? norm, Variable added)
    {
        added = norm?.Apply(tape, added) ?? added;
        return tape.Add(residual, ResidualFactor == 1 ? added : tape.Scale(added, ResidualFactor));
    }
}
