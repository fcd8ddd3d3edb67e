namespace Transfuse.Tensors.Memory;

/// <summary>
/// A block of native memory, 64-byte aligned, counted by its users and given back to its pool when the last one lets go. It is a part of
/// an allocation of the pool, which its neighbours make up with it.
/// </summary>
internal sealed unsafe class NativeBuffer
{
    private readonly MemoryPool _pool;
    private void* _pointer;
    private int _users;

    internal NativeBuffer(MemoryPool pool)
    {
        _pool = pool;
    }

    /// <summary>Start of the block. In a pool that only counts, looking at it takes the memory.</summary>
    internal void* Pointer => _pointer != null ? _pointer : _pointer = MemoryPool.AllocateZeroed(SizeInBytes);

    /// <summary>Whether there is no memory behind the block, because its pool only counts.</summary>
    internal bool IsCountedOnly => _pool.CountsOnly;

    /// <summary>Size of the block, at least what was asked for.</summary>
    internal nuint SizeInBytes { get; private set; }

    /// <summary>Whether it waits in the pool.</summary>
    internal bool IsFree { get; set; }

    /// <summary>The block that ends where this one starts, or null if the allocation starts here.</summary>
    internal NativeBuffer? Before { get; private set; }

    /// <summary>The block that starts where this one ends, or null if the allocation ends here.</summary>
    internal NativeBuffer? After { get; private set; }

    /// <summary>Whether it is a whole allocation, which can go back to the system.</summary>
    internal bool IsWhole => Before is null && After is null;

    /// <summary>Makes it the one block of a new allocation; for the pool.</summary>
    internal void Start(void* pointer, nuint sizeInBytes)
    {
        _pointer = pointer;
        SizeInBytes = sizeInBytes;
        _users = 0;
    }

    /// <summary>Gives all but the first <paramref name="sizeInBytes"/> bytes to <paramref name="rest"/>, which follows; for the pool.</summary>
    internal void Split(nuint sizeInBytes, NativeBuffer rest)
    {
        rest.Start(IsCountedOnly ? null : (byte*)_pointer + sizeInBytes, SizeInBytes - sizeInBytes);
        (rest.Before, rest.After) = (this, After);
        if (After is not null)
        {
            After.Before = rest;
        }

        (SizeInBytes, After) = (sizeInBytes, rest);
    }

    /// <summary>Takes in the block that follows, which is one no longer; for the pool.</summary>
    internal void Join(NativeBuffer next)
    {
        (SizeInBytes, After) = (SizeInBytes + next.SizeInBytes, next.After);
        if (After is not null)
        {
            After.Before = this;
        }

        (next.Before, next.After, next.IsFree) = (null, null, false);
    }

    /// <summary>Gives the memory back to the system; for the pool.</summary>
    internal void FreeMemory()
    {
        SystemMemory.Free(_pointer, SizeInBytes);
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
