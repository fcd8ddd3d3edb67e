using System.Runtime.CompilerServices;
using Transfuse.Tensors.Simd;

namespace Transfuse.Tensors.Devices.Cpu.Quantized;

/// <summary>A Q8_0 block: x = q·d.</summary>
internal readonly unsafe struct Q8Part : IRestingPart
{
    public static int BlockElements => SimpleBlocks.Elements;

    public static int BlockBytes => 34;

    public static int Elements => SimpleBlocks.Elements;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Add<TVector>(byte* block, int part, float* a, TVector sum)
        where TVector : unmanaged, IVector<TVector>
    {
        var d = TVector.Create(BlockScale.Read(block));
        for (nint i = 0; i < SimpleBlocks.Elements; i += TVector.Count)
        {
            sum = TVector.MultiplyAdd(TVector.Load(a + i), TVector.FromInt8(block + 2 + i) * d, sum);
        }

        return sum;
    }
}

/// <summary>A Q4_0 block: x = (q − 8)·d.</summary>
internal readonly unsafe struct Q4Part : IRestingPart
{
    public static int BlockElements => SimpleBlocks.Elements;

    public static int BlockBytes => 18;

    public static int Elements => SimpleBlocks.Elements;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Add<TVector>(byte* block, int part, float* a, TVector sum)
        where TVector : unmanaged, IVector<TVector>
    {
        var d = TVector.Create(BlockScale.Read(block));
        var eight = TVector.Create(8);
        for (nint i = 0; i < 16; i += TVector.Count)
        {
            sum = TVector.MultiplyAdd(TVector.Load(a + i), (TVector.FromNibbles(block + 2 + i, 0) - eight) * d, sum);
        }

        for (nint i = 0; i < 16; i += TVector.Count)
        {
            sum = TVector.MultiplyAdd(TVector.Load(a + 16 + i), (TVector.FromNibbles(block + 2 + i, 4) - eight) * d, sum);
        }

        return sum;
    }
}
