namespace Transfuse.Tensors.Devices.Cpu;

public sealed partial class CpuDevice
{
    /// <inheritdoc/>
    public override void Embed(ReadOnlyMemory<int> ids, Tensor table, float factor, Tensor destination) =>
        throw new NotImplementedException();

    /// <inheritdoc/>
    public override void EmbedBackward(ReadOnlyMemory<int> ids, float factor, Tensor dy, Tensor dTable) =>
        throw new NotImplementedException();
}
