using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Transfuse.Tensors.Devices.Cpu.Gemm.Int8;

/// <summary>
/// 32 elements of a row of A rounded to 8 bits: a ≈ t·v with t = max|a|/127 and v = a/t to the nearest, even ones in the middle. A block with an element that
/// is no number, or infinite, gets a scale that is no number, so that the row shows it and no other row does.
/// </summary>
internal static unsafe class RoundedBlock
{
    private const uint Infinity = 0x7F80_0000;

    // Below it 127/max|a| is no number; such blocks are zero.
    private const float Smallest = 1e-36f;

    /// <summary>Writes a row's part of a block of a panel.</summary>
    /// <param name="source">The elements.</param>
    /// <param name="block">The block of the panel.</param>
    /// <param name="row">Row of the panel.</param>
    /// <param name="rows">Rows of the panel.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Write(float* source, byte* block, int row, int rows)
    {
        var (x0, x1) = (Vector512.Load(source), Vector512.Load(source + 16));

        // As integers, magnitudes have the order of the numbers, and what is no number comes last.
        var magnitudes = Vector512.Max(Vector512.Abs(x0).AsUInt32(), Vector512.Abs(x1).AsUInt32());
        var half = Vector256.Max(magnitudes.GetLower(), magnitudes.GetUpper());
        var quarter = Vector128.Max(half.GetLower(), half.GetUpper());
        quarter = Vector128.Max(quarter, Vector128.Shuffle(quarter, Vector128.Create(2u, 3, 0, 1)));
        var most = Math.Max(quarter[0], quarter[1]);
        var largest = BitConverter.UInt32BitsToSingle(most);
        var scale = most >= Infinity ? float.NaN : largest / 127;
        var inverse = most >= Infinity || largest < Smallest ? 0 : 127 / largest;

        var (v0, v1) = (Rounded(x0, inverse), Rounded(x1, inverse));
        var sum = Vector512.Sum(v0 + v1);
        var bytes = Vector256.Narrow(Narrowed(v0), Narrowed(v1)).AsUInt32();
        var words = (uint*)block + row;
        for (var word = 0; word < IntegerPanel.Words; word++)
        {
            words[word * rows] = bytes[word];
        }

        var constants = (float*)(block + IntegerPanel.ScaleOffset(rows)) + row;
        constants[0] = scale;
        constants[rows] = BitConverter.Int32BitsToSingle(-IntegerPanel.Zero * sum);
        constants[2 * rows] = -scale * sum;
    }

    // What is no number becomes 0.
    private static Vector512<int> Rounded(Vector512<float> x, float inverse) => Vector512.ConvertToInt32(Vector512.Round(x * inverse));

    private static Vector256<short> Narrowed(Vector512<int> v) => Vector256.Narrow(v.GetLower(), v.GetUpper());
}
