namespace Transfuse.Tensors.Devices.Cpu;

public sealed partial class CpuDevice
{
    /// <inheritdoc/>
    public override void AddBias(Tensor rows, Tensor bias) =>
        throw new NotImplementedException();

    /// <inheritdoc/>
    public override void SumRows(Tensor rows, Tensor destination, bool accumulate) =>
        throw new NotImplementedException();

    /// <inheritdoc/>
    public override void Add(Tensor a, Tensor b, Tensor destination) =>
        throw new NotImplementedException();

    /// <inheritdoc/>
    public override void Scale(Tensor source, float factor, Tensor destination, bool accumulate) =>
        throw new NotImplementedException();

    /// <inheritdoc/>
    public override void Activate(ActivationKind kind, Tensor x, Tensor destination) =>
        throw new NotImplementedException();

    /// <inheritdoc/>
    public override void ActivateBackward(ActivationKind kind, Tensor x, Tensor dy, Tensor dx, bool accumulate) =>
        throw new NotImplementedException();

    /// <inheritdoc/>
    public override void Gated(ActivationKind kind, Tensor gateUp, Tensor destination) =>
        throw new NotImplementedException();

    /// <inheritdoc/>
    public override void GatedBackward(ActivationKind kind, Tensor gateUp, Tensor dy, Tensor dGateUp) =>
        throw new NotImplementedException();
}
