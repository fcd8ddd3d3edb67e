using System.Runtime.CompilerServices;
using Transfuse.Tensors.Random;
using Transfuse.Tensors.Simd;

namespace Transfuse.Tensors.Devices.Cpu.Elementwise;

/// <summary>
/// y[i] = x[i]·m[i]/(1 − rate), or y += that, with m[i] = 0 with probability rate (Srivastava et al. 2014, inverted form). The mask is a hash
/// of key and index, so nothing is stored and the backward pass finds the same one. One 64-bit hash serves two neighbours. Traffic: 8 bytes an
/// element, 12 where it adds.
/// </summary>
internal readonly unsafe struct DropoutBody : ITierBody
{
    private readonly float* _x;
    private readonly float* _y;
    private readonly ulong _key;
    private readonly uint _dropBelow;
    private readonly float _scale;
    private readonly bool _accumulate;
    private readonly WorkBlocks _blocks;

    internal DropoutBody(float* x, long length, ulong key, float rate, float* y, bool accumulate)
    {
        _x = x;
        _y = y;
        _key = key;
        _dropBelow = (uint)Math.Round(rate * (double)uint.MaxValue);
        _scale = (float)(1 / (1 - (double)rate));
        _accumulate = accumulate;
        _blocks = WorkBlocks.Of(1, length);
    }

    internal int TaskCount => _blocks.TaskCount;

    // The hash is integer arithmetic, which IVector does not have: every tier runs the scalar form.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Execute<TVector>(int task, int worker)
        where TVector : unmanaged, IVector<TVector>
    {
        var (_, _, first, end) = _blocks[task];
        for (var i = first; i < end; i += 2)
        {
            var bits = RandomStream.Hash(_key, (ulong)i / 2);
            Write(i, (uint)bits);
            if (i + 1 < end)
            {
                Write(i + 1, (uint)(bits >> 32));
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Write(long i, uint bits)
    {
        var value = bits < _dropBelow ? 0 : _x[i] * _scale;
        _y[i] = _accumulate ? _y[i] + value : value;
    }
}
