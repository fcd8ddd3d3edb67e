using Transfuse.Models.Layers;
using Transfuse.Tensors.Autograd;
using Transfuse.Tensors.Devices;

namespace Transfuse.Models.T5;

/// <summary>Self-attention with a learned bias by distance, whose table all blocks of a stack share; queries, keys and values in one projection.</summary>
internal sealed class T5SelfAttention(int index, LinearLayer projection, LinearLayer output, Parameter bias, AttentionOptions options)
{
    private readonly int _width = options.QueryHeads * options.HeadSize;

    /// <summary>x [tokens, hidden] to [tokens, hidden], plus <paramref name="residual"/>.</summary>
    internal Variable Apply(Tape tape, Variable x, Variable residual, T5Pass pass)
    {
        var projected = projection.Apply(tape, x);
        var query = new HeadLayout(0, options.HeadSize);
        var key = new HeadLayout(_width, options.HeadSize);
        var value = new HeadLayout(2 * _width, options.HeadSize);
        Variable mixed;
        if (pass.Cache is { Targets: var cache })
        {
            var past = tape.Borrow(cache.AppendRows(index, projected.Value, _width, pass.Segments));
            mixed = tape.Attention(projected, query, past, cache.KeyLayout, past, cache.ValueLayout, options, pass.Segments, bias);
        }
        else
        {
            mixed = tape.Attention(projected, query, projected, key, projected, value, options, pass.Segments, bias);
        }

        return pass.Project(tape, output, mixed, residual);
    }
}
