using Transfuse.Tensors.Devices.Cpu.Elementwise;

namespace Transfuse.Tensors.Devices.Cpu;

public sealed unsafe partial class CpuDevice
{
    /// <inheritdoc/>
    public override void Clamp(Tensor x, float limit, Tensor destination)
    {
        RequireSameLength(nameof(Clamp), x, destination);
        ForEach(new ClampKernel(Flat(x), limit, Flat(destination)), 1, x.Length);
    }

    /// <inheritdoc/>
    public override void ClampBackward(Tensor x, float limit, Tensor dy, Tensor dx, bool accumulate)
    {
        RequireSameLength(nameof(ClampBackward), x, dy);
        RequireSameLength(nameof(ClampBackward), x, dx);
        ForEach(new ClampBackwardKernel(Flat(x), limit, Flat(dy), Flat(dx), accumulate), 1, x.Length);
    }
}
