using Transfuse.Context;
using Transfuse.Tensors;
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
        var rotation = RotationIndex is { } kind ? context.Rotations[kind] : null;
        if (rotation is not null)
        {
            Rotate(tape, heads, rotation.Tokens, rotation.CachedKeys is null);
        }

        return output.Apply(tape, Mix(tape, heads, rotation?.CachedKeys, context), residual);
    }

    private Variable Mix(Tape tape, in ProjectedHeads heads, RopeRows? cachedKeys, ForwardContext context)
    {
        var (layout, segments) = (heads.Layout, context.Batch.Segments);
        if (context.Cache is not { } cache)
        {
            return tape.Attention(heads.Query, layout.Query, heads.Key, layout.Key, heads.Value, layout.Value, Options, segments);
        }

        var stored = cache.Append(index, heads, segments);
        if (cachedKeys is null)
        {
            var past = tape.Borrow(stored);
            return tape.Attention(heads.Query, layout.Query, past, cache.KeyLayout, past, cache.ValueLayout, Options, segments);
        }

        var copy = tape.Input(tape.Device.Allocate(new Shape(cachedKeys.Rows.Length, stored.Columns)));
        var moved = KeyValueCache.Gather(stored, copy.Value, segments);
        tape.RopeInPlace(copy, cache.KeyLayout, Options.KeyValueHeads, cachedKeys.Cos, cachedKeys.Sin, cachedKeys.Rows);
        return tape.Attention(heads.Query, layout.Query, copy, cache.KeyLayout, copy, cache.ValueLayout, Options, moved);
    }

    private void Rotate(Tape tape, in ProjectedHeads heads, RopeRows rows, bool withKeys)
    {
        var (query, key) = (heads.Layout.Query, heads.Layout.Key);
        var keysFollowQueries = ReferenceEquals(heads.Query, heads.Key)
            && key == query with { Offset = query.Offset + (Options.QueryHeads * query.Stride) };
        var together = withKeys && keysFollowQueries;
        tape.RopeInPlace(heads.Query, query, together ? Options.QueryHeads + Options.KeyValueHeads : Options.QueryHeads, rows.Cos, rows.Sin, rows.Rows);
        if (withKeys && !together)
        {
            tape.RopeInPlace(heads.Key, key, Options.KeyValueHeads, rows.Cos, rows.Sin, rows.Rows);
        }
    }
}
