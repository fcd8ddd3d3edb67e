namespace Transfuse.Tensors.Devices.Cpu;

public sealed partial class CpuDevice
{
    /// <inheritdoc/>
    public override void RmsNorm(Tensor x, Tensor weight, float weightOffset, float epsilon, Tensor y, Tensor inverseRms) =>
        throw new NotImplementedException();

    /// <inheritdoc/>
    public override void RmsNormBackward(
        Tensor x, Tensor weight, float weightOffset, Tensor inverseRms, Tensor dy, Tensor dx, bool accumulate, Tensor? dWeight) =>
        throw new NotImplementedException();

    /// <inheritdoc/>
    public override void LayerNorm(Tensor x, Tensor weight, Tensor? bias, float epsilon, Tensor y, Tensor statistics) =>
        throw new NotImplementedException();

    /// <inheritdoc/>
    public override void LayerNormBackward(
        Tensor x, Tensor weight, Tensor statistics, Tensor dy, Tensor dx, bool accumulate, Tensor? dWeight, Tensor? dBias) =>
        throw new NotImplementedException();
}
