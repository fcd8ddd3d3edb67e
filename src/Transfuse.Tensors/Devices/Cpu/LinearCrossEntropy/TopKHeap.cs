namespace Transfuse.Tensors.Devices.Cpu.LinearCrossEntropy;

/// <summary>
/// The best ids so far of one row, kept where the caller says: a binary heap whose root is the worst of them (the least logit, the higher id
/// on ties). Sorted at the end, best first.
/// </summary>
internal ref struct TopKHeap(Span<int> ids, Span<float> logits, int count = 0)
{
    private readonly Span<int> _ids = ids;
    private readonly Span<float> _logits = logits;
    private int _count = count;

    /// <summary>How many ids it holds.</summary>
    internal readonly int Count => _count;

    /// <summary>Whether a logit, whatever its id, is not among the best.</summary>
    internal readonly bool IsBeyond(float logit) => _count == _ids.Length && logit < _logits[0];

    /// <summary>Takes an id if it is among the best so far.</summary>
    internal void Offer(int id, float logit)
    {
        if (_count < _ids.Length)
        {
            Add(id, logit);
        }
        else if (logit > _logits[0] || (logit == _logits[0] && id < _ids[0]))
        {
            SiftDown(_count, id, logit);
        }
    }

    /// <summary>Best first: takes the worst out one by one and fills the result from its end.</summary>
    internal readonly void Sort()
    {
        for (var last = _count - 1; last > 0; last--)
        {
            var (id, logit) = (_ids[last], _logits[last]);
            Move(0, last);
            SiftDown(last, id, logit);
        }
    }

    private void Add(int id, float logit)
    {
        var at = _count++;
        while (at > 0 && IsWorse(logit, id, than: (at - 1) / 2))
        {
            Move((at - 1) / 2, at);
            at = (at - 1) / 2;
        }

        Set(at, id, logit);
    }

    private readonly void SiftDown(int count, int id, float logit)
    {
        var at = 0;
        for (var child = 1; child < count; child = (2 * at) + 1)
        {
            if (child + 1 < count && IsWorse(_logits[child + 1], _ids[child + 1], than: child))
            {
                child++;
            }

            if (IsWorse(logit, id, than: child))
            {
                break;
            }

            Move(child, at);
            at = child;
        }

        Set(at, id, logit);
    }

    private readonly bool IsWorse(float logit, int id, int than) => logit < _logits[than] || (logit == _logits[than] && id > _ids[than]);

    private readonly void Move(int from, int to) => Set(to, _ids[from], _logits[from]);

    private readonly void Set(int at, int id, float logit)
    {
        _ids[at] = id;
        _logits[at] = logit;
    }
}
