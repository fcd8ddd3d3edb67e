using Transfuse.Context;
using Transfuse.Tensors.Autograd;
using Transfuse.Tensors.Devices;

namespace Transfuse.Models.Layers;

/// <summary>Self-attention: projections, rotary positions, attention over the batch's segments or the cache, output projection.</summary>
/// <param name="index">Number of the block, for the cache.</param>
/// <param name="projection">Hidden to queries, keys and values.</param>
/// <param name="output">Heads to hidden.</param>
internal sealed class AttentionLayer(int index, HeadProjection projection, LinearLayer output)
{
    /// <summary>Heads, scale, masks.</summary>
    internal required AttentionOptions Options { get; init; }

    /// <summary>Which of the model's rotary positions, or null for none.</summary>
    internal int? RotationIndex { get; init; }

    /// <summary>x [tokens, hidden] to [tokens, hidden], plus <paramref name="residual"/>.</summary>
    internal Variable Apply(Tape tape, Variable x, Variable? residual, ForwardContext context)
    {
        var heads = projection.Apply(tape, x);
        if (RotationIndex is { } kind)
        {
            Rotate(tape, heads, context.Rotations[kind]);
        }

        var (layout, segments) = (heads.Layout, context.Batch.Segments);
        var mixed = context.Cache is { } cache
            ? cache.Attend(tape, index, heads, Options, segments)
            : tape.Attention(heads.Query, layout.Query, heads.Key, layout.Key, heads.Value, layout.Value, Options, segments);
        return output.Apply(tape, mixed, residual);
    }

    private void Rotate(Tape tape, in ProjectedHeads heads, RopeRows rows)
    {
        var (query, key) = (heads.Layout.Query, heads.Layout.Key);
        var together = ReferenceEquals(heads.Query, heads.Key)
            && key == query with { Offset = query.Offset + (Options.QueryHeads * query.Stride) };
        tape.RopeInPlace(heads.Query, query, together ? Options.QueryHeads + Options.KeyValueHeads : Options.QueryHeads, rows.Cos, rows.Sin, rows.Rows);
        if (!together)
        {
            tape.RopeInPlace(heads.Key, key, Options.KeyValueHeads, rows.Cos, rows.Sin, rows.Rows);
        }
    }
}
