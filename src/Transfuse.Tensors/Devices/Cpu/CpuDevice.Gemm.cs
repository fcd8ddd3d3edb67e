namespace Transfuse.Tensors.Devices.Cpu;

public sealed partial class CpuDevice
{
    /// <inheritdoc/>
    public override void MatMul(MatMulLayout layout, Tensor a, Tensor b, Tensor destination, Tensor? addend = null) =>
        throw new NotImplementedException();
}
