using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Transfuse.Tensors.Simd;

namespace Transfuse.Tensors.Devices.Cpu.Quantized;

/// <summary>A Q4_K block, eight sub-blocks of 32: x = d·s·q − d_min·m.</summary>
internal readonly unsafe struct Q4SuperBlock : IRestingBlock
{
    public static int BlockElements => SuperBlocks.Elements;

    public static int BlockBytes => 144;

    // A method of its own: four blocks side by side are more than the compiler is willing to inline.
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    public static TVector Add<TVector>(byte* block, float* a, TVector sum)
        where TVector : unmanaged, IVector<TVector>
    {
        var (d, minimum) = (BlockScale.Read(block), BlockScale.Read(block + 2));
        var q = block + 16;
        for (var b = 0; b < 8; b += 2)
        {
            var (s, m) = SuperBlocks.SixBits(block + 4, b);
            sum = Add32(q, 0, TVector.Create(d * s), TVector.Create(minimum * m), a, sum);
            (s, m) = SuperBlocks.SixBits(block + 4, b + 1);
            sum = Add32(q, 4, TVector.Create(d * s), TVector.Create(minimum * m), a + 32, sum);
            q += 32;
            a += 64;
        }

        return sum;
    }

    public static bool TryAddRows<TVector>(byte** rows, int blocks, float* a, TVector* sums)
        where TVector : unmanaged, IVector<TVector>
    {
        if (!NibbleTable.IsSupported || typeof(TVector) != typeof(Simd512))
        {
            return false;
        }

        Q4SuperRows.Add(rows, blocks, a, (Vector512<float>*)sums);
        return true;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Add32<TVector>(byte* q, int shift, TVector scale, TVector offset, float* a, TVector sum)
        where TVector : unmanaged, IVector<TVector>
    {
        sum = Add16(q, shift, scale, offset, a, sum);
        return Add16(q + 16, shift, scale, offset, a + 16, sum);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Add16<TVector>(byte* q, int shift, TVector scale, TVector offset, float* a, TVector sum)
        where TVector : unmanaged, IVector<TVector>
    {
        nint i = 0;
        do
        {
            sum = TVector.MultiplyAdd(TVector.Load(a + i), (TVector.FromNibbles(q + i, shift) * scale) - offset, sum);
            i += TVector.Count;
        }
        while (TVector.Count < 16 && i < 16);
        return sum;
    }
}
