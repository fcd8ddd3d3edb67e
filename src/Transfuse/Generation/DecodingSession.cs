using Transfuse.Models;
using Transfuse.Tensors;
using Transfuse.Tensors.Autograd;
using Transfuse.Tensors.Devices;

namespace Transfuse.Generation;

/// <summary>Several sequences that a model continues token by token; prompt p has the sequences p·n to p·n + n − 1.</summary>
internal abstract class DecodingSession(Device device, TextModel model) : IDisposable
{
    /// <summary>What each prompt's sequences begin with: the first tokens to read.</summary>
    internal abstract IReadOnlyList<int> Start(int prompt);

    /// <summary>Lets sequence i go on from what sequence <paramref name="parents"/>[i] has read.</summary>
    internal abstract void Reorder(ReadOnlySpan<int> parents);

    /// <summary>Gives the session's memory back.</summary>
    public abstract void Dispose();

    /// <summary>Reads the tokens that continue each sequence; an empty list leaves a sequence out.</summary>
    /// <returns>The logits after the last token of each sequence that is not left out, [vocabulary] each, in order.</returns>
    internal float[][] Read(IReadOnlyList<IReadOnlyList<int>> tokens)
    {
        using var tape = new Tape(device, recordGradients: false);
        var (hidden, segments) = Forward(tape, tokens);
        using var last = device.Allocate(new Shape(segments.Length, hidden.Columns));
        for (var i = 0; i < segments.Length; i++)
        {
            hidden.Row(segments[i].QueryStart + segments[i].QueryCount - 1).CopyTo(last.Row(i));
        }

        using var logits = device.Allocate(new Shape(segments.Length, model.HeadWeight.Value.Rows));
        device.MatMul(MatMulLayout.NT, last, model.HeadWeight.Value, logits);
        var rows = new float[segments.Length][];
        for (var i = 0; i < rows.Length; i++)
        {
            rows[i] = logits.Row(i).ToArray();
            foreach (ref var logit in rows[i].AsSpan())
            {
                logit *= model.HeadOptions.LogitScale;
                logit = model.HeadOptions.SoftCap > 0 ? model.HeadOptions.SoftCap * MathF.Tanh(logit / model.HeadOptions.SoftCap) : logit;
            }
        }

        return rows;
    }

    /// <summary>Hidden states of what is read, and where each sequence that is not left out lies in them.</summary>
    private protected abstract (Tensor Hidden, AttentionSegment[] Segments) Forward(Tape tape, IReadOnlyList<IReadOnlyList<int>> tokens);
}
