namespace Transfuse.Tensors.Devices.Cpu.Quantized;

/// <summary>The rows of a weight that has no float32 elements to point at.</summary>
/// <param name="columns">Elements of a row.</param>
internal abstract unsafe class RestingRows(int columns)
{
    /// <summary>Elements of a row.</summary>
    internal int Columns { get; } = columns;

    /// <summary>How they rest, for messages.</summary>
    internal abstract string TypeNames { get; }

    /// <summary>The float32 values of elements <paramref name="start"/> to <paramref name="start"/> + <paramref name="count"/> of a row.</summary>
    internal abstract void Widen(int row, int start, int count, float* destination);
}
