using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Transfuse.Tensors.Simd;

namespace Transfuse.Tensors.Devices.Cpu.Quantized;

/// <summary>A Q6_K block, sixteen sub-blocks of 16: x = d·s·(q − 32).</summary>
internal readonly unsafe struct Q6SuperBlock : IRestingBlock
{
    public static int BlockElements => SuperBlocks.Elements;

    public static int BlockBytes => 210;

    // A method of its own, as above.
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    public static TVector Add<TVector>(byte* block, float* a, TVector sum)
        where TVector : unmanaged, IVector<TVector>
    {
        if (Avx512BW.IsSupported && typeof(TVector) == typeof(Simd512))
        {
            return Unsafe.BitCast<Simd512, TVector>(new Simd512(AddBytes(block, a, Unsafe.BitCast<TVector, Simd512>(sum).Value)));
        }

        var d = BlockScale.Read(block + 208);
        var (low, high) = ((nint)block, (nint)block + 128);
        var s = (sbyte*)block + 192;
        for (var half = 0; half < 2; half++)
        {
            sum = Add32((byte*)low, 0, (byte*)high, 0, d, s, a, sum);
            sum = Add32((byte*)low + 32, 0, (byte*)high, 2, d, s + 2, a + 32, sum);
            sum = Add32((byte*)low, 4, (byte*)high, 4, d, s + 4, a + 64, sum);
            sum = Add32((byte*)low + 32, 4, (byte*)high, 6, d, s + 6, a + 96, sum);
            low += 64;
            high += 32;
            s += 8;
            a += 128;
        }

        return sum;
    }

    // The same sums with q − 32 put together as bytes, 64 at a time: rows 0 and 1 of a half in the low nibbles, 2 and 3 in the high ones.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    [SkipLocalsInit]
    private static Vector512<float> AddBytes(byte* block, float* a, Vector512<float> sum)
    {
        var q = stackalloc sbyte[128];
        var (nibble, pair, middle) = (Vector512.Create((byte)15), Vector512.Create((byte)3), Vector512.Create((sbyte)32));
        var (shift01, shift23) = (PairShifts(0), PairShifts(4));
        var d = BlockScale.Read(block + 208);
        for (var half = 0; half < 2; half++)
        {
            var low = Vector512.Load(block + (64 * half));
            var high = Vector256.Load(block + 128 + (32 * half));
            var pairs = Vector512.Create(high, high).AsUInt16();
            var top01 = Vector512.ShiftLeft((Avx512BW.ShiftRightLogicalVariable(pairs, shift01).AsByte() & pair).AsUInt16(), 4).AsByte();
            var top23 = Vector512.ShiftLeft((Avx512BW.ShiftRightLogicalVariable(pairs, shift23).AsByte() & pair).AsUInt16(), 4).AsByte();
            Vector512.Store(((low & nibble) | top01).AsSByte() - middle, q);
            Vector512.Store(((Vector512.ShiftRightLogical(low.AsUInt16(), 4).AsByte() & nibble) | top23).AsSByte() - middle, q + 64);
            var s = (sbyte*)block + 192 + (8 * half);
            for (nint i = 0; i < 8; i++)
            {
                var x = Vector512.ConvertToSingle(Integers.Signed512(q + (16 * i))) * (d * s[i]);
                sum = Vector512.FusedMultiplyAdd(Vector512.Load(a), x, sum);
                a += 16;
            }
        }

        return sum;
    }

    // The first row's pair is at the given bit, the second's two bits above.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<ushort> PairShifts(ushort first) => Vector512.Create(Vector256.Create(first), Vector256.Create((ushort)(first + 2)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Add32<TVector>(byte* low, int shift, byte* high, int highShift, float d, sbyte* s, float* a, TVector sum)
        where TVector : unmanaged, IVector<TVector>
    {
        sum = Add16(low, shift, high, highShift, TVector.Create(d * s[0]), a, sum);
        return Add16(low + 16, shift, high + 16, highShift, TVector.Create(d * s[1]), a + 16, sum);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Add16<TVector>(byte* low, int shift, byte* high, int highShift, TVector scale, float* a, TVector sum)
        where TVector : unmanaged, IVector<TVector>
    {
        var middle = TVector.Create(32);
        nint i = 0;
        do
        {
            var q = TVector.FromSixBits(low + i, shift, high + i, highShift) - middle;
            sum = TVector.MultiplyAdd(TVector.Load(a + i), q * scale, sum);
            i += TVector.Count;
        }
        while (TVector.Count < 16 && i < 16);
        return sum;
    }
}
