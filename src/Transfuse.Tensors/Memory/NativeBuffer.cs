using System.Runtime.InteropServices;

namespace Transfuse.Tensors.Memory;

/// <summary>
/// A block of native memory, 64-byte aligned, counted by its users and given back to its pool when the last one lets go.
/// </summary>
internal sealed unsafe class NativeBuffer
{
    private readonly MemoryPool _pool;
    private void* _pointer;
    private int _users;

    internal NativeBuffer(MemoryPool pool, void* pointer, nuint sizeInBytes)
    {
        _pool = pool;
        _pointer = pointer;
        SizeInBytes = sizeInBytes;
    }

    /// <summary>Start of the block. In a pool that only counts, looking at it takes the memory.</summary>
    internal void* Pointer => _pointer != null ? _pointer : _pointer = MemoryPool.AllocateZeroed(SizeInBytes);

    /// <summary>Whether there is no memory behind the block, because its pool only counts.</summary>
    internal bool IsCountedOnly => _pool.CountsOnly;

    /// <summary>Size of the block, at least what was asked for.</summary>
    internal nuint SizeInBytes { get; }

    /// <summary>Gives the memory back to the system; for the pool.</summary>
    internal void FreeMemory()
    {
        NativeMemory.AlignedFree(_pointer);
        _pointer = null;
    }

    internal void AddUser() => Interlocked.Increment(ref _users);

    internal void Release()
    {
        var users = Interlocked.Decrement(ref _users);
        if (users == 0)
        {
            _pool.Return(this);
        }
        else if (users < 0)
        {
            throw new InvalidOperationException("A native buffer was released more often than it was used.");
        }
    }
}
