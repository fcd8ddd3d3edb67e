using Transfuse.Models.Layers;
using Transfuse.Tensors.Autograd;
using Transfuse.Tensors.Devices;

namespace Transfuse.Models.T5;

/// <summary>Attention of the target's tokens to the encoded source, without positions; keys and values in one projection.</summary>
internal sealed class T5CrossAttention(int index, LinearLayer query, LinearLayer keyValue, LinearLayer output, AttentionOptions options)
{
    private readonly HeadLayout _first = new(0, options.HeadSize);
    private readonly HeadLayout _second = new(options.QueryHeads * options.HeadSize, options.HeadSize);

    /// <summary>Keys, then values, of the source, [source tokens, 2·heads·size].</summary>
    internal Variable Project(Tape tape, Variable encoded) => keyValue.Apply(tape, encoded);

    /// <summary>x [tokens, hidden] to [tokens, hidden], plus <paramref name="residual"/>.</summary>
    internal Variable Apply(Tape tape, Variable x, Variable residual, T5Pass pass)
    {
        var source = pass.Cache is { } cache ? tape.Borrow(cache.Source(index)) : Project(tape, pass.Encoded!);
        var mixed = tape.Attention(query.Apply(tape, x), _first, source, _first, source, _second, options, pass.SourceSegments);
        return pass.Project(tape, output, mixed, residual);
    }
}
