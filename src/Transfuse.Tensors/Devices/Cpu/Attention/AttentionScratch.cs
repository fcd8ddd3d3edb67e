using Transfuse.Tensors.Memory;

namespace Transfuse.Tensors.Devices.Cpu.Attention;

/// <summary>Native memory of one call: a plan shared by all workers and a piece of the same size for each of them.</summary>
internal readonly unsafe struct AttentionScratch : IDisposable
{
    private readonly NativeBuffer _buffer;
    private readonly float* _workers;
    private readonly nint _floatsPerWorker;

    /// <summary>Takes the memory from <paramref name="pool"/>.</summary>
    /// <param name="pool">Where the memory comes from and goes back to.</param>
    /// <param name="sharedBytes">Size of the shared piece.</param>
    /// <param name="workers">Number of workers.</param>
    /// <param name="floatsPerWorker">Size of each worker's piece.</param>
    internal AttentionScratch(MemoryPool pool, long sharedBytes, int workers, long floatsPerWorker)
    {
        // Whole cache lines, and an odd number of them so that the workers' pieces do not fall on the same cache sets.
        var shared = checked((sharedBytes + 63) / 64 * 64);
        _floatsPerWorker = checked((nint)((((floatsPerWorker + 15) / 16) | 1) * 16));
        _buffer = pool.Rent(checked((nuint)(shared + (workers * (long)_floatsPerWorker * sizeof(float)))));
        _buffer.AddUser();
        _workers = (float*)((byte*)_buffer.Pointer + shared);
    }

    /// <summary>Start of the shared piece.</summary>
    internal byte* Shared => (byte*)_buffer.Pointer;

    /// <summary>Start of one worker's piece.</summary>
    internal float* Worker(int worker) => _workers + (worker * _floatsPerWorker);

    /// <summary>Gives the memory back.</summary>
    public void Dispose() => _buffer.Release();
}
