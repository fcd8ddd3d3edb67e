using System.Numerics;

namespace Transfuse.Tokenization.Bpe;

/// <summary>Rank and result of every merge, by its pair of ids; open addressing.</summary>
internal sealed class MergeTable
{
    /// <summary>The rank of a pair that does not merge.</summary>
    public const int NoMerge = int.MaxValue;

    private readonly Entry[] _entries;
    private readonly int _shift;

    /// <summary>Indexes merges, the first of rank 0. A pair that occurs twice keeps its later rank, as in the original.</summary>
    public MergeTable(IReadOnlyList<(int Left, int Right, int Result)> merges)
    {
        var size = BitOperations.RoundUpToPowerOf2((uint)Math.Max(2 * merges.Count, 16));
        _entries = new Entry[size];
        _shift = 64 - BitOperations.Log2(size);
        for (var rank = 0; rank < merges.Count; rank++)
        {
            var (left, right, result) = merges[rank];
            var key = Key(left, right);
            var slot = Slot(key);
            while (_entries[slot].Key != 0 && _entries[slot].Key != key)
            {
                slot = (slot + 1) & (_entries.Length - 1);
            }

            _entries[slot] = new Entry(key, rank, result);
        }
    }

    /// <summary>The rank of a pair, or <see cref="NoMerge"/>; and the id that it becomes.</summary>
    public int Rank(int left, int right, out int result)
    {
        var key = Key(left, right);
        for (var slot = Slot(key); ; slot = (slot + 1) & (_entries.Length - 1))
        {
            ref readonly var entry = ref _entries[slot];
            if (entry.Key == key)
            {
                result = entry.Result;
                return entry.Rank;
            }

            if (entry.Key == 0)
            {
                result = -1;
                return NoMerge;
            }
        }
    }

    // Zero marks an empty slot, therefore + 1.
    private static ulong Key(int left, int right) => (((ulong)(uint)left << 32) | (uint)right) + 1;

    private int Slot(ulong key) => (int)((key * 0x9E3779B97F4A7C15) >> _shift);

    private readonly record struct Entry(ulong Key, int Rank, int Result);
}
