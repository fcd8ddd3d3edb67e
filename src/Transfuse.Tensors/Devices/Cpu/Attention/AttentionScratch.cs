using Transfuse.Tensors.Memory;

namespace Transfuse.Tensors.Devices.Cpu.Attention;

/// <summary>Native memory of one call: sums of a bias, a plan and a bias that all workers share, and a piece of the same size for each of them.</summary>
internal readonly unsafe struct AttentionScratch : IDisposable
{
    private readonly NativeBuffer _buffer;
    private readonly float* _workers;
    private readonly nint _planStart, _biasStart;
    private readonly nint _floatsPerWorker;

    /// <summary>Takes the memory from <paramref name="pool"/>.</summary>
    /// <param name="pool">Where the memory comes from and goes back to.</param>
    /// <param name="sumsBytes">Size of the bias's sums.</param>
    /// <param name="planBytes">Size of the plan.</param>
    /// <param name="biasBytes">Size of the bias.</param>
    /// <param name="workers">Number of workers.</param>
    /// <param name="floatsPerWorker">Size of each worker's piece.</param>
    internal AttentionScratch(MemoryPool pool, long sumsBytes, long planBytes, long biasBytes, int workers, long floatsPerWorker)
    {
        // Whole cache lines, and an odd number of them so that the workers' pieces do not fall on the same cache sets.
        _planStart = checked((nint)sumsBytes);
        _biasStart = checked(_planStart + (nint)planBytes);
        var shared = checked((_biasStart + biasBytes + 63) / 64 * 64);
        _floatsPerWorker = checked((nint)((((floatsPerWorker + 15) / 16) | 1) * 16));
        _buffer = pool.Rent(checked((nuint)(shared + (workers * (long)_floatsPerWorker * sizeof(float)))));
        _buffer.AddUser();
        _workers = (float*)((byte*)_buffer.Pointer + shared);
    }

    /// <summary>Where the bias's sums lie: first, since they are the widest numbers.</summary>
    internal void* Sums => _buffer.Pointer;

    /// <summary>Where the plan lies.</summary>
    internal void* Plan => (byte*)_buffer.Pointer + _planStart;

    /// <summary>Where the bias lies.</summary>
    internal void* Bias => (byte*)_buffer.Pointer + _biasStart;

    /// <summary>Start of one worker's piece.</summary>
    internal float* Worker(int worker) => _workers + (worker * _floatsPerWorker);

    /// <summary>Gives the memory back.</summary>
    public void Dispose() => _buffer.Release();
}
