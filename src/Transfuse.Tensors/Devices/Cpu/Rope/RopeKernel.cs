using System.Runtime.CompilerServices;
using Transfuse.Tensors.Devices.Cpu.Attention;
using Transfuse.Tensors.Simd;

namespace Transfuse.Tensors.Devices.Cpu.Rope;

/// <summary>
/// Rotary position embedding (Su et al. 2021) with pairs (i, i + half): (a, b) → (a·cos − b·sin, b·cos + a·sin) by the angle of
/// the row's position. Traffic: 8 bytes an element; the tables are in a cache.
/// </summary>
/// <param name="rows">The heads to rotate.</param>
/// <param name="heads">Number of heads.</param>
/// <param name="cos">Cosines [positions, half].</param>
/// <param name="sin">Sines [positions, half].</param>
/// <param name="half">Half of the rotated elements of a head.</param>
/// <param name="positions">Position of each row.</param>
/// <param name="direction">1, or −1 for the inverse rotation.</param>
internal readonly unsafe struct RopeKernel(HeadRows rows, int heads, float* cos, float* sin, int half, int* positions, float direction) : IRowKernel
{
    /// <inheritdoc/>
    public void Execute<T>(long row, int worker)
        where T : unmanaged, IVector<T>
    {
        var angle = (nint)positions[row] * half;
        for (var head = 0; head < heads; head++)
        {
            Rotate<T>(rows.At((int)row, head), cos + angle, sin + angle);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Rotate<T>(float* x, float* cosines, float* sines)
        where T : unmanaged, IVector<T>
    {
        var sign = T.Create(direction);
        var i = 0;
        for (; i + T.Count <= half; i += T.Count)
        {
            var (a, b) = (T.Load(x + i), T.Load(x + half + i));
            var (c, s) = (T.Load(cosines + i), sign * T.Load(sines + i));
            T.Store((a * c) - (b * s), x + i);
            T.Store((b * c) + (a * s), x + half + i);
        }

        for (; i < half; i++)
        {
            var (a, b) = (x[i], x[half + i]);
            var (c, s) = (cosines[i], direction * sines[i]);
            x[i] = (a * c) - (b * s);
            x[half + i] = (b * c) + (a * s);
        }
    }
}
