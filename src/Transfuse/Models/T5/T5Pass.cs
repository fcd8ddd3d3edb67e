using Transfuse.Models.Layers;
using Transfuse.Tensors.Autograd;
using Transfuse.Tensors.Devices;
using Transfuse.Tensors.Random;

namespace Transfuse.Models.T5;

/// <summary>What every block of one pass through the encoder or the decoder needs besides its input.</summary>
internal sealed record T5Pass
{
    /// <summary>Which tokens see each other.</summary>
    internal required AttentionSegment[] Segments { get; init; }

    /// <summary>In the decoder: which tokens see which of the source.</summary>
    internal AttentionSegment[] SourceSegments { get; init; } = [];

    /// <summary>In the decoder without cache: the encoder's states.</summary>
    internal Variable? Encoded { get; init; }

    /// <summary>In the decoder: what earlier passes left, or null.</summary>
    internal EncoderDecoderCache? Cache { get; init; }

    /// <summary>Source of chance for dropout, or null.</summary>
    internal RandomStream? Dropout { get; init; }

    internal float DropoutRate { get; init; }

    /// <summary>x with dropout, or as it is.</summary>
    internal Variable Drop(Tape tape, Variable x) => Dropout is null ? x : tape.Dropout(x, DropoutRate, Dropout);

    /// <summary>residual + dropout(projection(x)).</summary>
    internal Variable Project(Tape tape, LinearLayer projection, Variable x, Variable residual) =>
        Dropout is null ? projection.Apply(tape, x, residual) : tape.Add(residual, Drop(tape, projection.Apply(tape, x)));
}
