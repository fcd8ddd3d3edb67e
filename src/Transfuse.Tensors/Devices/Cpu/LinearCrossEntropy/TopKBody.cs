using Transfuse.Tensors.Simd;

namespace Transfuse.Tensors.Devices.Cpu.LinearCrossEntropy;

/// <summary>
/// The k largest of log q = z − log Σ e^z of every row, descending, ties to the lower id; and the label's. The k best so far are a heap in the
/// result itself, its least at the root; a block of logits none of which beats the root is passed over by vector.
/// </summary>
internal readonly unsafe struct TopKBody(
    float* logits, HeadOptions options, int vocabulary, int k, int rows, int* labels, int* ids, float* values, float* labelValues) : ITierBody
{
    private const int Block = 64;
    private readonly float* _logits = logits;
    private readonly HeadOptions _options = options;
    private readonly int _vocabulary = vocabulary;
    private readonly int _k = k;
    private readonly int* _labels = labels;
    private readonly int* _ids = ids;
    private readonly float* _values = values;
    private readonly float* _labelValues = labelValues;
    private readonly WorkBlocks _blocks = WorkBlocks.OfRows(rows, vocabulary);

    internal int TaskCount => _blocks.TaskCount;

    public void Execute<TVector>(int task, int worker)
        where TVector : unmanaged, IVector<TVector>
    {
        var (firstRow, endRow, _, _) = _blocks[task];
        for (var row = firstRow; row < endRow; row++)
        {
            var z = _logits + (row * _vocabulary);
            var largest = LogitRow.Prepare<TVector>(z, _vocabulary, _options);
            var logSum = largest + Math.Log(LogitRow.SumOfExponentials<TVector>(z, _vocabulary, largest));
            _labelValues[row] = _labels[row] < 0 ? 0 : (float)(z[_labels[row]] - logSum);
            var best = new Heap(_ids + (row * _k), _values + (row * _k));
            Fill<TVector>(z, ref best);
            best.Sort(logSum);
        }
    }

    private void Fill<TVector>(float* z, ref Heap best)
        where TVector : unmanaged, IVector<TVector>
    {
        var id = 0;
        for (; id < _k; id++)
        {
            best.Push(id, z[id]);
        }

        while (_k > 0 && id < _vocabulary)
        {
            var end = Math.Min(id + Block, _vocabulary);
            if (end - id == Block && !(LargestOf<TVector>(z + id) > best.Least))
            {
                id = end;
                continue;
            }

            for (; id < end; id++)
            {
                // A later id never wins a tie.
                if (z[id] > best.Least)
                {
                    best.ReplaceLeast(id, z[id]);
                }
            }
        }
    }

    private static float LargestOf<TVector>(float* z)
        where TVector : unmanaged, IVector<TVector>
    {
        var largest = TVector.Load(z);
        for (var i = TVector.Count; i < Block; i += TVector.Count)
        {
            largest = TVector.Max(largest, TVector.Load(z + i));
        }

        return TVector.MaxLane(largest);
    }

    /// <summary>A binary heap whose root is the least value, the higher id on ties.</summary>
    private struct Heap(int* ids, float* values)
    {
        private readonly int* _ids = ids;
        private readonly float* _values = values;
        private int _count;

        internal readonly float Least => _values[0];

        internal void Push(int id, float value)
        {
            var i = _count++;
            while (i > 0 && IsWorse(value, id, (i - 1) / 2))
            {
                Move((i - 1) / 2, i);
                i = (i - 1) / 2;
            }

            Set(i, id, value);
        }

        internal readonly void ReplaceLeast(int id, float value) => SiftDown(_count, id, value);

        /// <summary>Takes the least out one by one, filling the result from its end, and turns logits into log-probabilities.</summary>
        internal readonly void Sort(double logSum)
        {
            for (var last = _count - 1; last > 0; last--)
            {
                var (id, value) = (_ids[last], _values[last]);
                Move(0, last);
                SiftDown(last, id, value);
            }

            for (var i = 0; i < _count; i++)
            {
                _values[i] = (float)(_values[i] - logSum);
            }
        }

        private readonly void SiftDown(int count, int id, float value)
        {
            var i = 0;
            while (true)
            {
                var child = (2 * i) + 1;
                if (child + 1 < count && IsWorse(_values[child + 1], _ids[child + 1], child))
                {
                    child++;
                }

                if (child >= count || IsWorse(value, id, child))
                {
                    break;
                }

                Move(child, i);
                i = child;
            }

            Set(i, id, value);
        }

        private readonly bool IsWorse(float value, int id, int than) => value < _values[than] || (value == _values[than] && id > _ids[than]);

        private readonly void Move(int from, int to) => Set(to, _ids[from], _values[from]);

        private readonly void Set(int i, int id, float value) => (_ids[i], _values[i]) = (id, value);
    }
}
