using Transfuse.Tensors.Simd;

namespace Transfuse.Tensors.Devices.Cpu.Attention;

/// <summary>What the forward and the backward kernel share: operands, heads and the score's formula.</summary>
internal readonly unsafe struct AttentionArguments
{
    internal required HeadRows Query { get; init; }

    internal required HeadRows Key { get; init; }

    internal required HeadRows Value { get; init; }

    /// <summary>Output of the forward pass, heads in order.</summary>
    internal required HeadRows Output { get; init; }

    /// <summary>[queries, heads].</summary>
    internal required float* LogSumExp { get; init; }

    internal required int QueryHeads { get; init; }

    internal required int KeyValueHeads { get; init; }

    internal required int HeadSize { get; init; }

    internal required float Scale { get; init; }

    internal required float SoftCap { get; init; }

    internal required AttentionMask Mask { get; init; }

    /// <summary>Query heads of one key/value head.</summary>
    internal int GroupSize => QueryHeads / KeyValueHeads;

    /// <summary><see cref="HeadSize"/> rounded up to the vector width.</summary>
    internal int PaddedHeadSize<T>()
        where T : unmanaged, IVector<T> => RoundUp<T>(HeadSize);

    /// <summary><paramref name="count"/> rounded up to the vector width.</summary>
    internal static int RoundUp<T>(int count)
        where T : unmanaged, IVector<T> => (count + T.Count - 1) / T.Count * T.Count;
}
