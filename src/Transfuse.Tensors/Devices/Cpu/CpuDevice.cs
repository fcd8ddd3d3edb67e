using Transfuse.Tensors.Devices.Cpu.Gemm.Bf16;
using Transfuse.Tensors.Devices.Cpu.Gemm.Int8;
using Transfuse.Tensors.Memory;
using Transfuse.Tensors.Parallelism;

namespace Transfuse.Tensors.Devices.Cpu;

/// <summary>The processor's own cores: kernels in managed code, in the instruction tier asked for.</summary>
public sealed partial class CpuDevice : Device
{
    private readonly WorkerPool _workers;
    private readonly BFloat16Code? _bfloat16;
    private readonly IntegerCode? _integers;

    /// <summary>Starts the worker threads.</summary>
    /// <param name="tier">Instruction tier; null takes <see cref="KernelTiers.FromEnvironment"/>.</param>
    /// <param name="threads">Number of threads, 0 for one per core. Does not change results.</param>
    /// <param name="memoryLimitInBytes">Most native memory to reserve.</param>
    /// <param name="precision">
    /// Precision of matrix products. Where the tier or the system does not allow it they are computed in another, and <see cref="PrecisionNote"/> says why.
    /// </param>
    public CpuDevice(
        KernelTier? tier = null, int threads = 0, long memoryLimitInBytes = long.MaxValue, ProductPrecision precision = ProductPrecision.Float32)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(threads);
        Tier = tier ?? KernelTiers.FromEnvironment();
        if (precision == ProductPrecision.BFloat16 || (precision == ProductPrecision.Int8 && Tier == KernelTier.Vector512BFloat16 && KernelTiers.PrefersBFloat16))
        {
            _bfloat16 = CreateBFloat16(Tier, out var refusal);
            PrecisionNote = refusal;
        }

        if (precision == ProductPrecision.Int8)
        {
            _integers = CreateIntegers(Tier, out var refusal);
            PrecisionNote = refusal ?? PrecisionNote;
        }

        Memory = new MemoryPool(memoryLimitInBytes);
        _workers = new WorkerPool(threads == 0 ? Environment.ProcessorCount : threads);
    }

    /// <summary>The instruction tier in use.</summary>
    public KernelTier Tier { get; }

    /// <inheritdoc/>
    public override ProductPrecision Precision =>
        _integers is not null ? ProductPrecision.Int8 : _bfloat16 is null ? ProductPrecision.Float32 : ProductPrecision.BFloat16;

    /// <summary>Why products are not computed in the precision that was asked for; null if they are.</summary>
    public string? PrecisionNote { get; }

    /// <summary>Number of threads that share the work.</summary>
    public int Threads => _workers.WorkerCount;

    /// <inheritdoc/>
    public override string Name => $"cpu ({KernelTiers.ToName(Tier)}, {Threads} threads{(_integers is null ? "" : ", integer products")}{(_bfloat16 is null ? "" : ", bfloat16 products")})";

    /// <inheritdoc/>
    public override MemoryPool Memory { get; }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _workers.Dispose();
            _bfloat16?.Dispose();
            _integers?.Dispose();
            Memory.Dispose();
        }
    }

    private static BFloat16Code? CreateBFloat16(KernelTier tier, out string? refusal)
    {
        if (tier == KernelTier.Vector512BFloat16)
        {
            return BFloat16Code.TryCreate(out refusal);
        }

        refusal = $"the instruction tier {KernelTiers.ToName(tier)} has no bfloat16 products";
        return null;
    }

    private static IntegerCode? CreateIntegers(KernelTier tier, out string? refusal)
    {
        if (tier >= KernelTier.Vector512 && KernelTiers.HasIntegerProducts)
        {
            return IntegerCode.TryCreate(out refusal);
        }

        refusal = tier < KernelTier.Vector512
            ? $"the instruction tier {KernelTiers.ToName(tier)} has no integer products"
            : "the processor has no integer products (AVX512_VNNI)";
        return null;
    }
}
