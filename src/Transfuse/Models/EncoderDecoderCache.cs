using Transfuse.Tensors;
using Transfuse.Tensors.Devices;

namespace Transfuse.Models;

/// <summary>
/// What generating from an encoder-decoder model keeps: keys and values of the encoded sources for each block of the decoder, made once, and
/// those of the targets so far. Made by <see cref="EncoderDecoderModel.CreateCache"/>. Not thread safe.
/// </summary>
public sealed class EncoderDecoderCache : IDisposable
{
    private readonly Tensor[] _sources;
    private readonly (int Start, int Count)[] _sourceRows;

    /// <param name="targets">Keys and values of the targets; the cache takes ownership.</param>
    /// <param name="sources">Keys and values of all sources for each block; the cache takes ownership.</param>
    /// <param name="sourceRows">The rows of the source of each target.</param>
    internal EncoderDecoderCache(KeyValueCache targets, Tensor[] sources, (int Start, int Count)[] sourceRows)
    {
        Targets = targets;
        _sources = sources;
        _sourceRows = sourceRows;
    }

    /// <summary>Most tokens of one target.</summary>
    public int Capacity => Targets.Capacity;

    /// <summary>Number of tokens that each target holds.</summary>
    public IReadOnlyList<int> Lengths => Targets.Lengths;

    internal KeyValueCache Targets { get; }

    /// <summary>The batch that continues each target with the given tokens; an empty list leaves a target out.</summary>
    /// <exception cref="ArgumentException">There are more or fewer lists than targets, or a target would outgrow the capacity.</exception>
    public TokenBatch NextBatch(IReadOnlyList<IReadOnlyList<int>> tokens) => Targets.NextBatch(tokens);

    /// <summary>Lets target i go on from what target <paramref name="parents"/>[i] holds; both must be of the same source.</summary>
    /// <exception cref="ArgumentException">There are more or fewer parents than targets, or one is of another source.</exception>
    public void Reorder(ReadOnlySpan<int> parents)
    {
        for (var target = 0; target < parents.Length && parents.Length == _sourceRows.Length; target++)
        {
            if (_sourceRows[target] != _sourceRows[parents[target]])
            {
                throw new ArgumentException($"Targets {target} and {parents[target]} are of different sources.", nameof(parents));
            }
        }

        Targets.Reorder(parents);
    }

    /// <summary>Releases the memory.</summary>
    public void Dispose()
    {
        Targets.Dispose();
        foreach (var source in _sources)
        {
            source.Dispose();
        }
    }

    /// <summary>Keys and values of the sources for one block, [source tokens, 2·heads·size].</summary>
    internal Tensor Source(int layer) => _sources[layer];

    /// <summary>Which source rows the tokens of a batch see.</summary>
    internal AttentionSegment[] SourceSegments(ReadOnlySpan<AttentionSegment> target)
    {
        var segments = new AttentionSegment[target.Length];
        for (var i = 0; i < segments.Length; i++)
        {
            var (start, count) = _sourceRows[Targets.SequenceOf(target[i])];
            segments[i] = new AttentionSegment(target[i].QueryStart, target[i].QueryCount, start, count);
        }

        return segments;
    }
}
