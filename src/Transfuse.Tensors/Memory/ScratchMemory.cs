namespace Transfuse.Tensors.Memory;

/// <summary>Native memory for the time of one kernel, back in the pool when disposed; allocates nothing managed.</summary>
internal readonly unsafe ref struct ScratchMemory
{
    private readonly NativeBuffer _buffer;

    /// <summary>Takes room for <paramref name="count"/> float32 values with undefined content.</summary>
    internal ScratchMemory(MemoryPool pool, long count)
    {
        _buffer = pool.Rent(checked((nuint)count * sizeof(float)));
        _buffer.AddUser();
    }

    /// <summary>Address of the first value, 64-byte aligned.</summary>
    internal float* Data => (float*)_buffer.Pointer;

    /// <summary>Gives the memory back.</summary>
    public void Dispose() => _buffer.Release();
}
