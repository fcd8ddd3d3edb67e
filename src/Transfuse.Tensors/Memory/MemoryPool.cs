using System.Runtime.InteropServices;
using Transfuse.Tensors.Errors;

namespace Transfuse.Tensors.Memory;

/// <summary>
/// Native memory that is kept for the next request instead of going back to the system, so that a steady training step neither faults
/// pages in nor allocates. Thread safe.
/// </summary>
/// <remarks>
/// A request takes the smallest free block that fits and leaves the rest of it free; what comes back joins its free neighbours. So the room of
/// large blocks serves small ones in another part of a step. Where nothing fits, free allocations go back to the system in exchange for a new one.
/// </remarks>
public sealed unsafe class MemoryPool : IDisposable
{
    /// <summary>Sizes are multiples of this.</summary>
    private const nuint Granularity = 1024;

    private readonly Lock _lock = new();
    private readonly FreeBlocks _free = new();
    private readonly Stack<NativeBuffer> _unused = new();
    private readonly long _limitInBytes;
    private readonly bool _countsOnly;
    private long _reservedBytes;
    private long _usedBytes;
    private long _peakReservedBytes;
    private long _peakUsedBytes;
    private bool _disposed;

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

    /// <summary>Makes the present sizes the largest so far.</summary>
    public void ResetPeaks()
    {
        lock (_lock)
        {
            (_peakReservedBytes, _peakUsedBytes) = (_reservedBytes, _usedBytes);
        }
    }

    /// <summary>
    /// A pool for rehearsals: it counts as this one would, kept and divided blocks included, but a block has no memory until somebody looks
    /// into it, and is full of zeros then.
    /// </summary>
    internal static MemoryPool ThatCounts() => new(countsOnly: true);

    /// <summary>Hands out a block of at least <paramref name="sizeInBytes"/> bytes with undefined content and no users yet.</summary>
    /// <param name="sizeInBytes">How many.</param>
    /// <param name="isKept">
    /// Whether the block outlives those that are rented next: it then takes no larger one apart, which the next request of that size would have to be found
    /// a new place for.
    /// </param>
    /// <exception cref="ResourceLimitException">The limit would be exceeded even after dropping what is kept, or the system has no more memory.</exception>
    internal NativeBuffer Rent(nuint sizeInBytes, bool isKept = false)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (sizeInBytes > (nuint)_limitInBytes)
            {
                throw new ResourceLimitException((long)Math.Min(sizeInBytes, long.MaxValue), _limitInBytes, "One tensor");
            }

            var size = Rounded(sizeInBytes);
            var block = _free.TakeSmallest(size, isKept ? size : nuint.MaxValue) ?? NewAllocation(size);
            if (block.SizeInBytes > size)
            {
                var rest = NewBlock();
                block.Split(size, rest);
                _free.Add(rest);
            }

            _usedBytes += (long)size;
            _peakUsedBytes = Math.Max(_peakUsedBytes, _usedBytes);
            return block;
        }
    }

    /// <summary>Gives every allocation of which nothing is in use back to the system.</summary>
    public void Trim()
    {
        lock (_lock)
        {
            GiveBack(long.MaxValue);
        }
    }

    /// <summary>Gives kept blocks back; allocations still in use are freed when their last user lets go.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            _disposed = true;
            GiveBack(long.MaxValue);
        }
    }

    internal void Return(NativeBuffer block)
    {
        lock (_lock)
        {
            _usedBytes -= (long)block.SizeInBytes;
            if (_countsOnly)
            {
                block.FreeMemory();
            }

            if (block.After is { IsFree: true } after)
            {
                _free.Remove(after);
                Join(block, after);
            }

            if (block.Before is { IsFree: true } before)
            {
                _free.Remove(before);
                Join(before, block);
                block = before;
            }

            _free.Add(block);
            if (_disposed)
            {
                GiveBack(long.MaxValue);
            }
        }
    }

    /// <summary>Memory for a block of a pool that counts, which somebody looks into after all.</summary>
    internal static void* AllocateZeroed(nuint size)
    {
        var pointer = SystemMemory.Allocate(size);
        NativeMemory.Clear(pointer, size);
        return pointer;
    }

    private static nuint Rounded(nuint sizeInBytes)
    {
        var most = nuint.MaxValue / 2 / Granularity;
        return Math.Clamp((sizeInBytes / Granularity) + (sizeInBytes % Granularity == 0 ? 0u : 1u), 1, most) * Granularity;
    }

    /// <summary>
    /// Takes memory from the system. Where that makes more than ever before, free allocations are given back for it: what is kept grows no more than it must.
    /// </summary>
    private NativeBuffer NewAllocation(nuint size)
    {
        GiveBack(_reservedBytes + (long)size - _peakReservedBytes);
        if (_reservedBytes > _limitInBytes - (long)size)
        {
            GiveBack(long.MaxValue);
            if (_reservedBytes > _limitInBytes - (long)size)
            {
                throw new ResourceLimitException(_reservedBytes + (long)size, _limitInBytes, "This step");
            }
        }

        var pointer = _countsOnly ? null : SystemMemory.Allocate(size);
        _reservedBytes += (long)size;
        _peakReservedBytes = Math.Max(_peakReservedBytes, _reservedBytes);
        var block = NewBlock();
        block.Start(pointer, size);
        return block;
    }

    /// <summary>Gives free allocations back to the system, the largest first, until that many bytes are gone.</summary>
    private void GiveBack(long bytes)
    {
        while (bytes > 0 && _free.TakeLargestWhole() is { } block)
        {
            block.FreeMemory();
            _reservedBytes -= (long)block.SizeInBytes;
            bytes -= (long)block.SizeInBytes;
            _unused.Push(block);
        }
    }

    private void Join(NativeBuffer block, NativeBuffer next)
    {
        block.Join(next);
        _unused.Push(next);
    }

    private NativeBuffer NewBlock() => _unused.TryPop(out var block) ? block : new NativeBuffer(this);
}
