using Transfuse.Tensors.Autograd;

namespace Transfuse.Models.Layers;

/// <summary>
/// One block with norms before its parts: sequential a = x + attention(n₁x), y = a + mlp(n₂a), or parallel
/// y = x + attention(n₁x) + mlp(n₂x).
/// </summary>
internal sealed class DecoderBlock(NormLayer attentionNorm, AttentionLayer attention, NormLayer mlpNorm, FeedForwardLayer mlp, bool isParallel)
{
    /// <summary>x [tokens, hidden] to [tokens, hidden].</summary>
    internal Variable Apply(Tape tape, Variable x, ForwardContext context)
    {
        var attended = attention.Apply(tape, attentionNorm.Apply(tape, x), x, context);
        return mlp.Apply(tape, mlpNorm.Apply(tape, isParallel ? x : attended), attended);
    }
}
