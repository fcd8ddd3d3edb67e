using Transfuse.Tensors.Autograd;
using Transfuse.Tensors.Random;

namespace Transfuse.Models;

/// <summary>Pairs of source and target laid end to end, as an encoder-decoder model learns from them. No padding.</summary>
/// <param name="Source">The sources.</param>
/// <param name="Target">The decoder's inputs: each target behind the start id, without its last token (teacher forcing).</param>
/// <param name="Labels">The token that shall follow each of the decoder's inputs; −1 for none.</param>
/// <param name="LabelWeights">Weight of each label in the loss.</param>
public sealed record SequencePairBatch(TokenBatch Source, TokenBatch Target, int[] Labels, float[] LabelWeights)
{
    /// <summary>A batch whose loss is the mean over all labels of all pairs.</summary>
    /// <param name="pairs">The pairs.</param>
    /// <param name="startId">Id that the decoder begins with; it also stands for targets that are not scored.</param>
    public static SequencePairBatch Create(IReadOnlyList<SequencePair> pairs, int startId) => CreateTasks([(pairs, 1)], startId);

    /// <summary>A batch of several tasks whose loss is Σ weight·(mean over the task's labels): never one mean over all.</summary>
    /// <param name="tasks">The pairs of each task and the task's weight.</param>
    /// <param name="startId">Id that the decoder begins with.</param>
    public static SequencePairBatch CreateTasks(IReadOnlyList<(IReadOnlyList<SequencePair> Pairs, double Weight)> tasks, int startId)
    {
        ArgumentNullException.ThrowIfNull(tasks);
        SequencePair[] pairs = [.. tasks.SelectMany(task => task.Pairs)];
        int[] labels = [.. pairs.SelectMany(pair => pair.Target).Select(id => Math.Max(id, -1))];
        var weights = new float[labels.Length];
        var start = 0;
        foreach (var (members, weight) in tasks)
        {
            var count = members.Sum(pair => pair.Target.Count);
            var scored = labels.AsSpan(start, count).Length - labels.AsSpan(start, count).Count(-1);
            weights.AsSpan(start, count).Fill(scored == 0 ? 0 : (float)(weight / scored));
            start += count;
        }

        return new SequencePairBatch(
            TokenBatch.FromLengths([.. pairs.SelectMany(pair => pair.Source)], [.. pairs.Select(pair => pair.Source.Count)]),
            TokenBatch.FromLengths(
                [.. pairs.SelectMany(pair => pair.Target.Select((_, i) => i == 0 || pair.Target[i - 1] < 0 ? startId : pair.Target[i - 1]))],
                [.. pairs.Select(pair => pair.Target.Count)]),
            labels, weights);
    }

    /// <summary>Records the loss of a model on this batch and returns it, Σ weight·(−log q(label)) in nats.</summary>
    /// <param name="tape">Records the operations; run it backwards for the gradients.</param>
    /// <param name="model">The model.</param>
    /// <param name="dropout">Source of chance for dropout in a training step; null for none.</param>
    public double Loss(Tape tape, EncoderDecoderModel model, RandomStream? dropout = null)
    {
        ArgumentNullException.ThrowIfNull(tape);
        ArgumentNullException.ThrowIfNull(model);
        var hidden = model.Decode(tape, Target, Source, model.Encode(tape, Source, dropout), dropout);
        var losses = tape.LinearCrossEntropy(hidden, model.HeadWeight, model.HeadOptions, Labels, LabelWeights).LabelLosses.Span;
        var loss = 0.0;
        for (var i = 0; i < losses.Length; i++)
        {
            loss += (double)LabelWeights[i] * losses[i];
        }

        return loss;
    }
}
