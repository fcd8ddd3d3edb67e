using Transfuse.Tensors.Memory;
using Transfuse.Tensors.Parallelism;

namespace Transfuse.Tensors.Devices.Cpu;

/// <summary>The processor's own cores: kernels in managed code, in the instruction tier asked for.</summary>
public sealed partial class CpuDevice : Device
{
    private readonly WorkerPool _workers;

    /// <summary>Starts the worker threads.</summary>
    /// <param name="tier">Instruction tier; null takes <see cref="KernelTiers.FromEnvironment"/>.</param>
    /// <param name="threads">Number of threads, 0 for one per core. Does not change results.</param>
    /// <param name="memoryLimitInBytes">Most native memory to reserve.</param>
    public CpuDevice(KernelTier? tier = null, int threads = 0, long memoryLimitInBytes = long.MaxValue)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(threads);
        Tier = tier ?? KernelTiers.FromEnvironment();
        Memory = new MemoryPool(memoryLimitInBytes);
        _workers = new WorkerPool(threads == 0 ? Environment.ProcessorCount : threads);
    }

    /// <summary>The instruction tier in use.</summary>
    public KernelTier Tier { get; }

    /// <summary>Number of threads that share the work.</summary>
    public int Threads => _workers.WorkerCount;

    /// <inheritdoc/>
    public override string Name => $"cpu ({KernelTiers.ToName(Tier)}, {Threads} threads)";

    /// <inheritdoc/>
    public override MemoryPool Memory { get; }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _workers.Dispose();
            Memory.Dispose();
        }
    }
}
