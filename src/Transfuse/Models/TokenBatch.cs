using Transfuse.Tensors.Devices;

namespace Transfuse.Models;

/// <summary>Tokens of one or more documents laid end to end: what a model's forward pass takes. No padding.</summary>
/// <param name="Ids">Token ids, all documents one after the other.</param>
/// <param name="Positions">Position of each token within its document.</param>
/// <param name="Segments">Which tokens form a document and may see each other.</param>
public sealed record TokenBatch(int[] Ids, int[] Positions, AttentionSegment[] Segments)
{
    /// <summary>Number of tokens.</summary>
    public int Count => Ids.Length;

    /// <summary>A batch from documents of the given lengths, positions counting from 0 in each.</summary>
    /// <exception cref="ArgumentException">The lengths do not add up to the number of ids.</exception>
    public static TokenBatch FromLengths(int[] ids, ReadOnlySpan<int> lengths)
    {
        ArgumentNullException.ThrowIfNull(ids);
        var positions = new int[ids.Length];
        var segments = new AttentionSegment[lengths.Length];
        var start = 0;
        for (var i = 0; i < lengths.Length; i++)
        {
            segments[i] = AttentionSegment.Self(start, lengths[i]);
            for (var position = 0; position < lengths[i] && start + position < ids.Length; position++)
            {
                positions[start + position] = position;
            }

            start += lengths[i];
        }

        return start == ids.Length
            ? new TokenBatch(ids, positions, segments)
            : throw new ArgumentException($"The document lengths add up to {start}, but there are {ids.Length} ids.", nameof(lengths));
    }
}
