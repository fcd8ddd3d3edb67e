using Transfuse.Models.Layers;
using Transfuse.Tensors.Autograd;
using Transfuse.Tensors.Devices;

namespace Transfuse.Models.T5;

/// <summary>Self-attention with a learned bias by distance, whose table all blocks of a stack share; queries, keys and values in one projection.</summary>
internal sealed class T5SelfAttention(int index, LinearLayer projection, LinearLayer output, Parameter bias, AttentionOptions options)
{
    private readonly ProjectionLayout _layout = ProjectionLayout.Stacked(options.QueryHeads, options.KeyValueHeads, options.HeadSize);

    /// <summary>x [tokens, hidden] to [tokens, hidden], plus <paramref name="residual"/>.</summary>
    internal Variable Apply(Tape tape, Variable x, Variable residual, T5Pass pass)
    {
        var projected = projection.Apply(tape, x);
        var mixed = pass.Cache is { Targets: var cache }
            ? cache.Attend(tape, index, new ProjectedHeads(projected, projected, projected, _layout), options, pass.Segments, bias)
            : tape.Attention(projected, _layout.Query, projected, _layout.Key, projected, _layout.Value, options, pass.Segments, bias);
        return pass.Project(tape, output, mixed, residual);
    }
}
