namespace Transfuse.Tensors.Devices.Cpu;

public sealed partial class CpuDevice
{
    /// <inheritdoc/>
    public override void AdamW(Tensor parameter, Tensor gradient, Tensor firstMoment, Tensor secondMoment, in AdamWArguments arguments) =>
        throw new NotImplementedException();

    /// <inheritdoc/>
    public override double SumOfSquares(Tensor x) =>
        throw new NotImplementedException();
}
