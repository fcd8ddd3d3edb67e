using Transfuse.Models.Layers;
using Transfuse.Tensors.Autograd;

namespace Transfuse.Models.T5;

/// <summary>One block with RMS norms before its parts: self-attention, in the decoder attention to the source, feed-forward; each is added to its input.</summary>
internal sealed class T5Block(NormLayer attentionNorm, T5SelfAttention attention, NormLayer feedForwardNorm, T5FeedForward feedForward)
{
    /// <summary>The norm and the attention to the source; null in the encoder.</summary>
    internal (NormLayer Norm, T5CrossAttention Attention)? Cross { get; init; }

    /// <summary>x [tokens, hidden] to [tokens, hidden].</summary>
    internal Variable Apply(Tape tape, Variable x, T5Pass pass)
    {
        x = attention.Apply(tape, attentionNorm.Apply(tape, x), x, pass);
        if (Cross is { } cross)
        {
            x = cross.Attention.Apply(tape, cross.Norm.Apply(tape, x), x, pass);
        }

        return feedForward.Apply(tape, feedForwardNorm.Apply(tape, x), x, pass);
    }
}
