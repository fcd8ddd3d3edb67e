using System.Runtime.CompilerServices;
using Transfuse.Tensors.Devices.Cpu.Elementwise;
using Transfuse.Tensors.Optimizers;
using Transfuse.Tensors.Random;
using Transfuse.Tensors.Simd;

namespace Transfuse.Tensors.Devices.Cpu.Optimizer;

/// <summary>
/// AdamW with moments in fewer bits: each block of moments is widened, goes through <see cref="AdamWKernel"/>, and is rounded again. Bfloat16 is
/// rounded up or down at random in proportion to the distance, by a hash of step and element, since a moment that decays by less than half a
/// bit would stand still otherwise. Codes are of m/max|m| and √v/max √v of the block, to the nearest: the root halves the range that v has. Traffic: 20 bytes an element
/// with moments in bfloat16, 16 and the blocks' scales in 8 bits.
/// </summary>
/// <remarks>Widening and rounding is integer work, which IVector does not have: every tier runs the scalar form of it, so tiers differ in the step itself alone.</remarks>
internal readonly unsafe struct PackedAdamWBody : ITierBody
{
    private const int Block = PackedMoments.Block;
    private const int BlocksPerTask = 64;
    private readonly float* _parameter;
    private readonly float* _gradient;
    private readonly float* _first;
    private readonly float* _second;
    private readonly long _length;
    private readonly OptimizerStates _states;
    private readonly AdamWKernel _kernel;
    private readonly ulong _key;

    internal PackedAdamWBody(Tensor parameter, Tensor gradient, Tensor first, Tensor second, OptimizerStates states, in AdamWArguments arguments)
    {
        _parameter = parameter.Data;
        _gradient = gradient.Data;
        _first = first.Data;
        _second = second.Data;
        _length = parameter.Length;
        _states = states;
        _kernel = new AdamWKernel(default, default, default, default, arguments);
        _key = RandomStream.Hash((ulong)arguments.Step, (ulong)parameter.Length);
    }

    internal int TaskCount => checked((int)WorkBlocks.Blocks(_length, Block * BlocksPerTask));

    public void Execute<TVector>(int task, int worker)
        where TVector : unmanaged, IVector<TVector>
    {
        var end = Math.Min(_length, (task + 1L) * BlocksPerTask * Block);
        for (var start = (long)task * BlocksPerTask * Block; start < end; start += Block)
        {
            Step<TVector>(start, (int)Math.Min(Block, end - start));
        }
    }

    [SkipLocalsInit]
    private void Step<TVector>(long start, int count)
        where TVector : unmanaged, IVector<TVector>
    {
        var first = stackalloc float[Block];
        var second = stackalloc float[Block];
        var isInt8 = _states == OptimizerStates.Int8;
        if (isInt8)
        {
            ReadCodes(start, count, first, second);
        }
        else
        {
            ReadHalves(start, count, first, second);
        }

        Update<TVector>(
            new AdamWKernel(_kernel, new Operand(_parameter + start, 0), new Operand(_gradient + start, 0), new Operand(first, 0), new Operand(second, 0)), count);
        if (isInt8)
        {
            WriteCodes(start, count, first, second);
        }
        else
        {
            WriteHalves(start, count, first, second);
        }
    }

    // By value and not inlined, as in ElementwiseBody.
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static void Update<TVector>(AdamWKernel kernel, int count)
        where TVector : unmanaged, IVector<TVector>
    {
        var column = 0;
        for (; column <= count - TVector.Count; column += TVector.Count)
        {
            kernel.Apply<TVector, AllLanes>(0, column, default);
        }

        if (column < count)
        {
            kernel.Apply<TVector, FirstLanes>(0, column, new FirstLanes(count - column));
        }
    }

    private void ReadHalves(long start, int count, float* first, float* second)
    {
        BFloat16.ToSingle(new ReadOnlySpan<BFloat16>((BFloat16*)_first + start, count), new Span<float>(first, count));
        BFloat16.ToSingle(new ReadOnlySpan<BFloat16>((BFloat16*)_second + start, count), new Span<float>(second, count));
    }

    private void WriteHalves(long start, int count, float* first, float* second)
    {
        for (var i = 0; i < count; i++)
        {
            var bits = RandomStream.Hash(_key, (ulong)(start + i));
            ((BFloat16*)_first)[start + i] = Round(first[i], (ushort)bits);
            ((BFloat16*)_second)[start + i] = Round(second[i], (ushort)(bits >> 16));
        }
    }

    // The lower half, as a fraction of a step, is the probability of the step up: what carries when a uniform number is added to it.
    private static BFloat16 Round(float value, ushort random) => float.IsFinite(value)
        ? BFloat16.FromBits((ushort)((BitConverter.SingleToUInt32Bits(value) + random) >> 16))
        : BFloat16.FromSingle(value);

    private void ReadCodes(long start, int count, float* first, float* second)
    {
        var block = (start / Block) + PackedMoments.Scales(_length);
        var (scale, rootScale) = (_first[block], _second[block]);
        for (var i = 0; i < count; i++)
        {
            first[i] = scale * DynamicCodes.Signed.Decode(((byte*)_first)[start + i]);
            var root = rootScale * DynamicCodes.Unsigned.Decode(((byte*)_second)[start + i]);
            second[i] = root * root;
        }
    }

    private void WriteCodes(long start, int count, float* first, float* second)
    {
        float largest = 0, largestRoot = 0;
        for (var i = 0; i < count; i++)
        {
            second[i] = MathF.Sqrt(second[i]);
            largest = Math.Max(largest, MathF.Abs(first[i]));
            largestRoot = Math.Max(largestRoot, second[i]);
        }

        var block = (start / Block) + PackedMoments.Scales(_length);
        (_first[block], _second[block]) = (largest, largestRoot);
        var (scale, rootScale) = (largest > 0 ? 1 / (double)largest : 0, largestRoot > 0 ? 1 / (double)largestRoot : 0);
        for (var i = 0; i < count; i++)
        {
            ((byte*)_first)[start + i] = DynamicCodes.Signed.Encode((float)(first[i] * scale));
            ((byte*)_second)[start + i] = DynamicCodes.Unsigned.EncodeAbove((float)(second[i] * rootScale));
        }
    }
}
