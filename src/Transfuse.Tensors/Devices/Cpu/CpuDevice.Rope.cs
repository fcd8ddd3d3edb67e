namespace Transfuse.Tensors.Devices.Cpu;

public sealed partial class CpuDevice
{
    /// <inheritdoc/>
    public override void Rope(
        Tensor x, HeadLayout layout, int heads, Tensor cos, Tensor sin, ReadOnlyMemory<int> positions, bool inverse) =>
        throw new NotImplementedException();
}
