using System.Runtime.CompilerServices;
using Transfuse.Tensors.Devices.Cpu.Attention;
using Transfuse.Tensors.Parallelism;
using Transfuse.Tensors.Simd;

namespace Transfuse.Tensors.Devices.Cpu.Rope;

/// <summary>
/// Rotary position embedding (Su et al. 2021) with pairs (i, i + half): (a, b) → (a·cos − b·sin, b·cos + a·sin) by the angle of
/// the row's position. A task is a block of rows.
/// </summary>
/// <param name="rows">The heads to rotate.</param>
/// <param name="heads">Number of heads.</param>
/// <param name="rowCount">Number of rows.</param>
/// <param name="rowsPerTask">Rows of one task.</param>
/// <param name="cos">Cosines [positions, half].</param>
/// <param name="sin">Sines [positions, half].</param>
/// <param name="half">Half of the rotated elements of a head.</param>
/// <param name="positions">Position of each row.</param>
/// <param name="direction">1, or −1 for the inverse rotation.</param>
internal readonly unsafe struct RopeKernel<T>(
    HeadRows rows, int heads, int rowCount, int rowsPerTask, float* cos, float* sin, int half, int* positions, float direction) : IParallelBody
    where T : unmanaged, IVector<T>
{
    /// <inheritdoc/>
    public void Execute(int task, int worker)
    {
        var first = task * rowsPerTask;
        var end = Math.Min(rowCount, first + rowsPerTask);
        for (var row = first; row < end; row++)
        {
            var angle = (nint)positions[row] * half;
            for (var head = 0; head < heads; head++)
            {
                Rotate(rows.At(row, head), cos + angle, sin + angle);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Rotate(float* x, float* cosines, float* sines)
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
