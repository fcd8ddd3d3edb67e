namespace Transfuse.Tensors.Devices.Cpu.Quantized;

/// <summary>Sizes of the types in which weights rest, and their conversion from and to float32, block by block.</summary>
/// <remarks>Layouts are GGUF's (ggml); scales are IEEE half precision; multi-byte values are little-endian, as is every machine this runs on.</remarks>
public static class BlockFormat
{
    /// <summary>Elements of a block, which rows hold a whole number of; 1 for types without blocks.</summary>
    public static int BlockElements(this DType type) => type switch
    {
        DType.F32 or DType.F16 or DType.BF16 => 1,
        DType.Q4_0 or DType.Q4_1 or DType.Q5_0 or DType.Q5_1 or DType.Q8_0 => SimpleBlocks.Elements,
        _ => SuperBlocks.Elements,
    };

    /// <summary>Bytes of a block.</summary>
    public static int BlockBytes(this DType type) => type switch
    {
        DType.F32 => 4,
        DType.F16 or DType.BF16 => 2,
        DType.Q4_0 => 18,
        DType.Q4_1 => 20,
        DType.Q5_0 => 22,
        DType.Q5_1 => 24,
        DType.Q8_0 => 34,
        DType.Q2_K => 84,
        DType.Q3_K => 110,
        DType.Q4_K => 144,
        DType.Q5_K => 176,
        DType.Q6_K => 210,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "no such type"),
    };

    /// <summary>Bytes of <paramref name="elements"/>, which is a multiple of <see cref="BlockElements"/>.</summary>
    public static long ByteCount(this DType type, long elements) => elements % type.BlockElements() == 0
        ? checked(elements / type.BlockElements() * type.BlockBytes())
        : throw new ArgumentException($"{elements} elements are no whole number of {type} blocks of {type.BlockElements()}.", nameof(elements));

    /// <summary>Whether <see cref="Narrow"/> can make the type.</summary>
    public static bool CanNarrow(this DType type) => type is DType.F32 or DType.F16 or DType.BF16 or DType.Q8_0 or DType.Q4_0;

    /// <summary>The float32 values of whole blocks.</summary>
    /// <param name="type">Type of <paramref name="source"/>.</param>
    /// <param name="source">Blocks.</param>
    /// <param name="destination">Receives as many elements as it is long, a whole number of blocks.</param>
    /// <exception cref="ArgumentException"><paramref name="source"/> is shorter than the elements asked for.</exception>
    public static void Widen(DType type, ReadOnlySpan<byte> source, Span<float> destination)
    {
        var bytes = type.ByteCount(destination.Length);
        if (source.Length < bytes)
        {
            throw new ArgumentException($"{destination.Length} elements of {type} take {bytes} bytes, got {source.Length}.", nameof(source));
        }

        source = source[..(int)bytes];
        switch (type)
        {
            case DType.F32 or DType.F16 or DType.BF16:
                PlainElements.Widen(type, source, destination);
                break;
            case DType.Q4_0 or DType.Q4_1 or DType.Q5_0 or DType.Q5_1 or DType.Q8_0:
                SimpleBlocks.Widen(type, source, destination);
                break;
            default:
                SuperBlocks.Widen(type, source, destination);
                break;
        }
    }

    /// <summary>The blocks that stand for float32 values; half precision rounds to nearest even, quantised types as ggml's reference does.</summary>
    /// <param name="type">F32, F16, BF16, Q8_0 or Q4_0.</param>
    /// <param name="source">A whole number of blocks; finite where the type is quantised.</param>
    /// <param name="destination">Receives the blocks.</param>
    /// <exception cref="ArgumentException">The type cannot be made, or <paramref name="destination"/> is too short.</exception>
    public static void Narrow(DType type, ReadOnlySpan<float> source, Span<byte> destination)
    {
        if (!type.CanNarrow())
        {
            throw new ArgumentException($"Weights can be read but not made as {type}; use F32, F16, BF16, Q8_0 or Q4_0.", nameof(type));
        }

        var bytes = type.ByteCount(source.Length);
        if (destination.Length < bytes)
        {
            throw new ArgumentException($"{source.Length} elements of {type} take {bytes} bytes, there is room for {destination.Length}.", nameof(destination));
        }

        if (type is DType.F32 or DType.F16 or DType.BF16)
        {
            PlainElements.Narrow(type, source, destination);
        }
        else
        {
            SimpleBlocks.Narrow(type, source, destination);
        }
    }
}
