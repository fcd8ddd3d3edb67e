using Transfuse.Tensors.Random;

namespace Transfuse.Training;

/// <summary>
/// Documents laid end to end and cut into batches of equal size, in a new order every epoch. No padding, and no document sees another:
/// each piece is a segment of its own, whose positions count from 0.
/// </summary>
/// <remarks>Batch i covers rows i·size to (i + 1)·size of the endless sequence of epochs, so any batch can be had without those before it.</remarks>
public sealed class PackedBatches : IBatchSource
{
    private readonly IReadOnlyList<TrainingDocument> _documents;
    private readonly long _seed;
    private readonly int _batchTokens;
    private readonly int _block;
    private readonly bool _hasTeacher;
    private readonly List<BatchBuilder> _lent = [];
    private readonly Stack<BatchBuilder> _free = new();
    private Epoch _epoch;

    /// <summary>Prepares the sequence.</summary>
    /// <param name="documents">What to learn from; documents without a row are passed over.</param>
    /// <param name="seed">Decides the order.</param>
    /// <param name="batchTokens">Tokens read in a batch.</param>
    /// <param name="block">Longest piece of a document, in tokens.</param>
    /// <exception cref="ArgumentException">There is nothing to learn from.</exception>
    public PackedBatches(IReadOnlyList<TrainingDocument> documents, long seed, int batchTokens, int block)
    {
        ArgumentNullException.ThrowIfNull(documents);
        ArgumentOutOfRangeException.ThrowIfLessThan(batchTokens, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(block, 1);
        _documents = documents;
        _seed = seed;
        _batchTokens = batchTokens;
        _block = block;
        _hasTeacher = documents.Any(document => document.Teacher is not null);
        RowsPerEpoch = documents.Sum(document => (long)document.Rows);
        if (RowsPerEpoch == 0)
        {
            throw new ArgumentException("No document has two tokens: there is nothing to predict.", nameof(documents));
        }

        _epoch = Shuffle(0);
    }

    /// <summary>Tokens read when every document is read once.</summary>
    public long RowsPerEpoch { get; }

    /// <inheritdoc/>
    public TrainingBatch Get(long index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        var builder = Free();
        var position = index * _batchTokens;
        while (builder.Room > 0)
        {
            var epoch = EpochAt(position / RowsPerEpoch);
            position += Take(builder, epoch, position % RowsPerEpoch);
        }

        var batch = builder.Build();
        lock (_lent)
        {
            _lent.Add(builder);
        }

        return batch;
    }

    /// <inheritdoc/>
    public void Return(TrainingBatch batch)
    {
        lock (_lent)
        {
            if (_lent.FindIndex(builder => ReferenceEquals(builder.Built, batch)) is >= 0 and var found)
            {
                _free.Push(_lent[found]);
                _lent.RemoveAt(found);
            }
        }
    }

    private BatchBuilder Free()
    {
        lock (_lent)
        {
            if (!_free.TryPop(out var builder))
            {
                return new BatchBuilder(_batchTokens, _hasTeacher);
            }

            builder.Clear();
            return builder;
        }
    }

    /// <summary>Adds the rows from <paramref name="offset"/> of an epoch to the end of the document's piece; returns how many.</summary>
    private int Take(BatchBuilder builder, Epoch epoch, long offset)
    {
        var found = Array.BinarySearch(epoch.Starts, offset);
        var slot = found >= 0 ? found : ~found - 1;
        var document = _documents[epoch.Order[slot]];
        var first = (int)(offset - epoch.Starts[slot]);
        var endOfPiece = Math.Min(document.Rows, ((first / _block) + 1) * _block);
        var count = Math.Min(endOfPiece - first, builder.Room);
        builder.Add(document, first, count);
        return count;
    }

    private Epoch EpochAt(long number)
    {
        if (_epoch.Number != number)
        {
            _epoch = Shuffle(number);
        }

        return _epoch;
    }

    private Epoch Shuffle(long number)
    {
        var order = Enumerable.Range(0, _documents.Count).Where(i => _documents[i].Rows > 0).ToArray();
        new RandomStream(_seed, FormattableString.Invariant($"epoch {number}")).Shuffle(order.AsSpan());
        var starts = new long[order.Length];
        var start = 0L;
        for (var slot = 0; slot < order.Length; slot++)
        {
            starts[slot] = start;
            start += _documents[order[slot]].Rows;
        }

        return new Epoch(number, order, starts);
    }

    private sealed record Epoch(long Number, int[] Order, long[] Starts);
}
