using Transfuse.Models;
using Transfuse.Tensors.Devices;

namespace Transfuse.Training;

/// <summary>Puts pieces of documents together to a batch, in arrays that serve for one batch after the other.</summary>
internal sealed class BatchBuilder
{
    private readonly int[] _ids;
    private readonly int[] _labels;
    private readonly int[] _positions;
    private readonly List<AttentionSegment> _segments = [];
    private readonly SparseTargetsBuilder? _teacher;
    private int _count;

    internal BatchBuilder(int size, bool hasTeacher)
    {
        _ids = new int[size];
        _labels = new int[size];
        _positions = new int[size];
        _teacher = hasTeacher ? new SparseTargetsBuilder(size) : null;
    }

    /// <summary>Tokens that are still missing.</summary>
    internal int Room => _ids.Length - _count;

    /// <summary>The batch built last, or null while one is being built.</summary>
    internal TrainingBatch? Built { get; private set; }

    /// <summary>Begins anew; the batch built before is not valid any more.</summary>
    internal void Clear()
    {
        Built = null;
        _count = 0;
        _segments.Clear();
        _teacher?.Clear();
    }

    /// <summary>Adds rows of a document as a piece of its own.</summary>
    internal void Add(TrainingDocument document, int first, int count)
    {
        document.Ids.AsSpan(first, count).CopyTo(_ids.AsSpan(_count));
        document.Ids.AsSpan(first + 1, count).CopyTo(_labels.AsSpan(_count));
        for (var position = 0; position < count; position++)
        {
            _positions[_count + position] = position;
        }

        _teacher?.Add(document.Teacher, first, count);
        _segments.Add(AttentionSegment.Self(_count, count));
        _count += count;
    }

    /// <summary>The full batch; it holds this builder's arrays.</summary>
    internal TrainingBatch Build() => Built = new TrainingBatch(new TokenBatch(_ids, _positions, [.. _segments]), _labels, _teacher?.Build());
}
