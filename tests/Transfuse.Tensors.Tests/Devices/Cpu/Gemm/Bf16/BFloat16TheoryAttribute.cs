using Transfuse.Tensors.Devices;

namespace Transfuse.Tensors.Tests.Devices.Cpu.Gemm.Bf16;

/// <summary>A theory of the assembled bfloat16 code, skipped where the processor or the tier has none.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class BFloat16TheoryAttribute : TheoryAttribute
{
    /// <summary>Skips with a reason where the code cannot run.</summary>
    public BFloat16TheoryAttribute()
    {
        if (KernelTiers.Best != KernelTier.Vector512BFloat16)
        {
            Skip = "This processor, or the tier that it is held to, has no bfloat16 products.";
        }
    }
}
