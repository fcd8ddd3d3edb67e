namespace Transfuse.Tensors.Devices.Cpu;

public sealed partial class CpuDevice
{
    /// <inheritdoc/>
    public override void LinearCrossEntropy(
        Tensor hidden, Tensor weight, HeadOptions options, ReadOnlyMemory<int> labels, ReadOnlyMemory<float> labelWeights,
        SparseTargets? teacher, Memory<float> labelLosses, Memory<float> teacherLosses, Tensor? dHidden, Tensor? dWeight) =>
        throw new NotImplementedException();

    /// <inheritdoc/>
    public override void HeadTopK(
        Tensor hidden, Tensor weight, HeadOptions options, int k, ReadOnlyMemory<int> labels,
        Memory<int> ids, Memory<float> logProbabilities, Memory<float> labelLogProbabilities) =>
        throw new NotImplementedException();
}
