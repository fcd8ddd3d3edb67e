namespace Transfuse.Tensors.Memory;

/// <summary>
/// A block of native memory, 64-byte aligned, counted by its users and given back to its pool when the last one lets go.
/// </summary>
internal sealed unsafe class NativeBuffer
{
    private readonly MemoryPool _pool;
    private int _users;

    internal NativeBuffer(MemoryPool pool, void* pointer, nuint sizeInBytes)
    {
        _pool = pool;
        Pointer = pointer;
        SizeInBytes = sizeInBytes;
    }

    /// <summary>Start of the block.</summary>
    internal void* Pointer { get; }

    /// <summary>Size of the block, at least what was asked for.</summary>
    internal nuint SizeInBytes { get; }

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
