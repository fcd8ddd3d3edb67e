using Transfuse.Tensors.Simd;

namespace Transfuse.Tensors.Devices.Cpu.Gemm;

/// <summary>What is done with the kernel that a device multiplies with; see <c>CpuDevice.WithKernel</c>.</summary>
internal interface IKernelUser
{
    /// <summary>Called once, compiled for the kernel.</summary>
    void Use<TVector, TKernel>(TKernel kernel)
        where TVector : unmanaged, IVector<TVector>
        where TKernel : struct, IGemmKernel;
}
