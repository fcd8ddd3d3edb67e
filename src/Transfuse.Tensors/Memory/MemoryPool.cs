using System.Collections.Concurrent;
using System.Numerics;
using System.Runtime.InteropServices;
using Transfuse.Tensors.Errors;

namespace Transfuse.Tensors.Memory;

/// <summary>
/// Native memory in size classes that is kept for the next request instead of going back to the system, so that a steady training
/// step neither faults pages in nor allocates. Thread safe.
/// </summary>
/// <remarks>Sizes are rounded up to one of four steps between powers of two, so at most a fifth of a block is unused.</remarks>
public sealed unsafe class MemoryPool : IDisposable
{
    private const nuint Alignment = 64;
    private readonly ConcurrentDictionary<nuint, ConcurrentBag<NativeBuffer>> _free = new();
    private readonly long _limitInBytes;
    private readonly bool _countsOnly;
    private long _reservedBytes;
    private long _usedBytes;
    private long _peakReservedBytes;
    private long _peakUsedBytes;
    private int _disposed;

    /// <summary>Creates an empty pool.</summary>
    /// <param name="limitInBytes">Most bytes that may be reserved at once; <see cref="long.MaxValue"/> for no limit.</param>
    public MemoryPool(long limitInBytes = long.MaxValue)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(limitInBytes);
        _limitInBytes = limitInBytes;
    }

    private MemoryPool(bool countsOnly)
        : this()
    {
        _countsOnly = countsOnly;
    }

    /// <summary>Most bytes that may be reserved at once.</summary>
    public long LimitInBytes => _limitInBytes;

    /// <summary>Bytes taken from the system, in use or kept.</summary>
    public long ReservedBytes => Interlocked.Read(ref _reservedBytes);

    /// <summary>Bytes handed out and not yet returned.</summary>
    public long UsedBytes => Interlocked.Read(ref _usedBytes);

    /// <summary>The largest <see cref="ReservedBytes"/> since the start or <see cref="ResetPeaks"/>.</summary>
    public long PeakReservedBytes => Interlocked.Read(ref _peakReservedBytes);

    /// <summary>The largest <see cref="UsedBytes"/> since the start or <see cref="ResetPeaks"/>.</summary>
    public long PeakUsedBytes => Interlocked.Read(ref _peakUsedBytes);

    /// <summary>Whether this pool counts what it would hand out and takes memory only for blocks that are looked into.</summary>
    internal bool CountsOnly => _countsOnly;

    /// <summary>Makes the present sizes the largest so far. Not to be called while others rent.</summary>
    public void ResetPeaks()
    {
        Interlocked.Exchange(ref _peakReservedBytes, ReservedBytes);
        Interlocked.Exchange(ref _peakUsedBytes, UsedBytes);
    }

    /// <summary>
    /// A pool for rehearsals: it counts as this one would, size classes and kept blocks included, but a block has no memory until somebody
    /// looks into it, and is full of zeros then.
    /// </summary>
    internal static MemoryPool ThatCounts() => new(countsOnly: true);

    /// <summary>Hands out a block of at least <paramref name="sizeInBytes"/> bytes with undefined content and no users yet.</summary>
    /// <exception cref="ResourceLimitException">The limit would be exceeded even after dropping what is kept, or the system has no more memory.</exception>
    internal NativeBuffer Rent(nuint sizeInBytes)
    {
        ObjectDisposedException.ThrowIf(_disposed != 0, this);
        if (sizeInBytes > (nuint)_limitInBytes)
        {
            throw new ResourceLimitException((long)Math.Min(sizeInBytes, long.MaxValue), _limitInBytes, "One tensor");
        }

        var size = SizeClass(sizeInBytes);
        if (_free.TryGetValue(size, out var bag) && bag.TryTake(out var kept))
        {
            AddUsed((long)size);
            return kept;
        }

        Reserve(size);
        var pointer = _countsOnly ? null : Allocate(size);
        AddUsed((long)size);
        return new NativeBuffer(this, pointer, size);
    }

    /// <summary>Gives every kept block back to the system.</summary>
    public void Trim()
    {
        foreach (var (_, bag) in _free)
        {
            while (bag.TryTake(out var buffer))
            {
                Free(buffer);
            }
        }
    }

    /// <summary>Gives kept blocks back; blocks still in use are freed when their last user lets go.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            Trim();
        }
    }

    internal void Return(NativeBuffer buffer)
    {
        Interlocked.Add(ref _usedBytes, -(long)buffer.SizeInBytes);
        if (_disposed != 0)
        {
            Free(buffer);
            return;
        }

        if (_countsOnly)
        {
            buffer.FreeMemory();
        }

        _free.GetOrAdd(buffer.SizeInBytes, static _ => []).Add(buffer);
        if (_disposed != 0)
        {
            // Disposed since the look above: nobody else will trim.
            Trim();
        }
    }

    private static nuint SizeClass(nuint sizeInBytes)
    {
        var size = Math.Max(sizeInBytes, 4096);
        var step = BitOperations.RoundUpToPowerOf2(size) / 8;
        return Math.Min((size + step - 1) / step * step, nuint.MaxValue / 2);
    }

    /// <summary>Memory for a block of a pool that counts, which somebody looks into after all.</summary>
    internal static void* AllocateZeroed(nuint size)
    {
        var pointer = NativeMemory.AlignedAlloc(size, Alignment);
        NativeMemory.Clear(pointer, size);
        return pointer;
    }

    private void* Allocate(nuint size)
    {
        try
        {
            return NativeMemory.AlignedAlloc(size, Alignment);
        }
        catch (OutOfMemoryException)
        {
            Interlocked.Add(ref _reservedBytes, -(long)size);
            throw new ResourceLimitException((long)size, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes, "One tensor");
        }
    }

    private void Reserve(nuint size)
    {
        var reserved = Interlocked.Add(ref _reservedBytes, (long)size);
        if (reserved <= _limitInBytes)
        {
            Raise(ref _peakReservedBytes, reserved);
            return;
        }

        Trim();
        var needed = Interlocked.Read(ref _reservedBytes);
        if (needed > _limitInBytes)
        {
            Interlocked.Add(ref _reservedBytes, -(long)size);
            throw new ResourceLimitException(needed, _limitInBytes, "This step");
        }

        Raise(ref _peakReservedBytes, needed);
    }

    private void AddUsed(long size) => Raise(ref _peakUsedBytes, Interlocked.Add(ref _usedBytes, size));

    private static void Raise(ref long peak, long value)
    {
        var seen = Interlocked.Read(ref peak);
        while (value > seen)
        {
            var before = Interlocked.CompareExchange(ref peak, value, seen);
            if (before == seen)
            {
                return;
            }

            seen = before;
        }
    }

    private void Free(NativeBuffer buffer)
    {
        buffer.FreeMemory();
        Interlocked.Add(ref _reservedBytes, -(long)buffer.SizeInBytes);
    }
}
