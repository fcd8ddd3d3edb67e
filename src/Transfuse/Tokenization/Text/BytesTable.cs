using System.Buffers.Binary;

namespace Transfuse.Tokenization.Text;

/// <summary>Numbers distinct byte strings 0, 1, 2 … in the order in which they are added; keys are kept in one array.</summary>
internal sealed class BytesTable
{
    private const ulong Multiplier = 0x9E3779B97F4A7C15;
    private byte[] _bytes;
    private int[] _offsets;
    private uint[] _hashes;
    private int[] _buckets;

    public BytesTable(int capacity = 64)
    {
        _bytes = new byte[8 * capacity];
        _offsets = new int[capacity + 1];
        _hashes = new uint[capacity];
        _buckets = new int[(int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)Math.Max(2 * capacity, 16))];
    }

    /// <summary>Number of keys.</summary>
    public int Count { get; private set; }

    /// <summary>Number of bytes of all keys.</summary>
    public int ByteCount => _offsets[Count];

    /// <summary>A key by its number.</summary>
    public ReadOnlySpan<byte> Key(int index) => _bytes.AsSpan(_offsets[index], _offsets[index + 1] - _offsets[index]);

    /// <summary>The number of a key, or -1.</summary>
    public int Find(ReadOnlySpan<byte> key) => Find(key, Hash(key));

    /// <summary>The number of a key, which is added if it is new.</summary>
    public int GetOrAdd(ReadOnlySpan<byte> key)
    {
        var hash = Hash(key);
        var index = Find(key, hash);
        return index >= 0 ? index : Add(key, hash);
    }

    /// <summary>Forgets all keys, keeping the memory.</summary>
    public void Clear()
    {
        Count = 0;
        Array.Clear(_buckets);
    }

    private int Find(ReadOnlySpan<byte> key, uint hash)
    {
        var mask = _buckets.Length - 1;
        for (var bucket = (int)hash & mask; _buckets[bucket] != 0; bucket = (bucket + 1) & mask)
        {
            var index = _buckets[bucket] - 1;
            if (_hashes[index] == hash && Key(index).SequenceEqual(key))
            {
                return index;
            }
        }

        return -1;
    }

    private int Add(ReadOnlySpan<byte> key, uint hash)
    {
        if (Count == _hashes.Length)
        {
            Grow();
        }

        var offset = _offsets[Count];
        if (offset + key.Length > _bytes.Length)
        {
            Array.Resize(ref _bytes, Math.Max(2 * _bytes.Length, offset + key.Length));
        }

        key.CopyTo(_bytes.AsSpan(offset));
        _hashes[Count] = hash;
        _offsets[++Count] = offset + key.Length;
        Insert(hash, Count);
        return Count - 1;
    }

    private void Grow()
    {
        Array.Resize(ref _hashes, 2 * Count);
        Array.Resize(ref _offsets, (2 * Count) + 1);
        _buckets = new int[2 * _buckets.Length];
        for (var i = 0; i < Count; i++)
        {
            Insert(_hashes[i], i + 1);
        }
    }

    private void Insert(uint hash, int value)
    {
        var mask = _buckets.Length - 1;
        var bucket = (int)hash & mask;
        while (_buckets[bucket] != 0)
        {
            bucket = (bucket + 1) & mask;
        }

        _buckets[bucket] = value;
    }

    private static uint Hash(ReadOnlySpan<byte> key)
    {
        var hash = (ulong)key.Length * Multiplier;
        while (key.Length >= 8)
        {
            hash = Mix(hash ^ BinaryPrimitives.ReadUInt64LittleEndian(key));
            key = key[8..];
        }

        ulong tail = 0;
        foreach (var value in key)
        {
            tail = (tail << 8) | value;
        }

        hash = Mix(hash ^ tail);
        return (uint)(hash ^ (hash >> 32));
    }

    private static ulong Mix(ulong value)
    {
        value *= Multiplier;
        return value ^ (value >> 29);
    }
}
