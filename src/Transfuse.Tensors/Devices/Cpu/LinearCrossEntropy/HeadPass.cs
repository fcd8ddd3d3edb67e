namespace Transfuse.Tensors.Devices.Cpu.LinearCrossEntropy;

/// <summary>What a cross entropy was called with.</summary>
/// <param name="hidden">Rows [n, h].</param>
/// <param name="weight">Head [v, h].</param>
/// <param name="options">Scale and cap of the logits.</param>
/// <param name="rows">Labels, teacher and losses of each row.</param>
/// <param name="order">Numbers of the rows to compute.</param>
/// <param name="dHidden">Gradient of the hidden rows, or null.</param>
/// <param name="dWeight">Gradient of the head, or null.</param>
internal readonly unsafe struct HeadPass(Tensor hidden, Tensor weight, HeadOptions options, CrossEntropyRows rows, int* order, Tensor? dHidden, Tensor? dWeight)
{
    internal Tensor Hidden { get; } = hidden;

    internal Tensor Weight { get; } = weight;

    internal HeadOptions Options { get; } = options;

    internal CrossEntropyRows Rows { get; } = rows;

    internal int* Order { get; } = order;

    internal Tensor? DHidden { get; } = dHidden;

    internal Tensor? DWeight { get; } = dWeight;
}
