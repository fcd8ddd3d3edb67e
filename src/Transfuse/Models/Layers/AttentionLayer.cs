using Transfuse.Tensors.Autograd;
using Transfuse.Tensors.Devices;

namespace Transfuse.Models.Layers;

/// <summary>Self-attention: fused projection, rotary positions, attention over the batch's segments or the cache, output projection.</summary>
internal sealed class AttentionLayer
{
    private readonly LinearLayer _projection;
    private readonly LinearLayer _output;
    private readonly int _index;

    /// <param name="index">Number of the block, for the cache.</param>
    /// <param name="projection">Hidden to queries, keys and values.</param>
    /// <param name="output">Heads to hidden.</param>
    internal AttentionLayer(int index, LinearLayer projection, LinearLayer output)
    {
        _index = index;
        _projection = projection;
        _output = output;
    }

    /// <summary>Where the heads lie in the fused projection.</summary>
    internal required ProjectionLayout Layout { get; init; }

    /// <summary>Heads, scale, masks.</summary>
    internal required AttentionOptions Options { get; init; }

    /// <summary>Where positive, the fused projection is clamped to ± this.</summary>
    internal float Clip { get; init; }

    /// <summary>x [tokens, hidden] to [tokens, hidden], plus <paramref name="residual"/>.</summary>
    internal Variable Apply(Tape tape, Variable x, Variable residual, ForwardContext context)
    {
        var projected = _projection.Apply(tape, x);
        if (Clip > 0)
        {
            projected = tape.Clamp(projected, Clip);
        }

        Rotate(tape, projected, context);
        var segments = context.Batch.Segments;
        Variable mixed;
        if (context.Cache is { } cache)
        {
            var past = tape.Borrow(cache.Append(_index, projected.Value, Layout, segments));
            mixed = tape.Attention(projected, Layout.Query, past, cache.KeyLayout, past, cache.ValueLayout, Options, segments);
        }
        else
        {
            mixed = tape.Attention(projected, Layout.Query, projected, Layout.Key, projected, Layout.Value, Options, segments);
        }

        return _output.Apply(tape, mixed, residual);
    }

    private void Rotate(Tape tape, Variable projected, ForwardContext context)
    {
        if (context is not { Cosines: { } cosines, Sines: { } sines })
        {
            return;
        }

        var positions = context.Batch.Positions;
        var (query, key) = (Layout.Query, Layout.Key);
        var keysFollowQueries = key == query with { Offset = query.Offset + (Options.QueryHeads * query.Stride) };
        var heads = keysFollowQueries ? Options.QueryHeads + Options.KeyValueHeads : Options.QueryHeads;
        tape.RopeInPlace(projected, query, heads, cosines, sines, positions);
        if (!keysFollowQueries)
        {
            tape.RopeInPlace(projected, key, Options.KeyValueHeads, cosines, sines, positions);
        }
    }
}
