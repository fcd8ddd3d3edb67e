using System.Numerics;
using Transfuse.Tensors.Errors;

namespace Transfuse.Tensors.Devices.Cpu;

/// <content>Clamping, which only the fused projections of some MPT models need: one thread, whatever vectors there are.</content>
public sealed partial class CpuDevice
{
    /// <inheritdoc/>
    public override void Clamp(Tensor x, float limit, Tensor destination)
    {
        CheckClamp(x, destination);
        for (var row = 0; row < x.Rows; row++)
        {
            ReadOnlySpan<float> source = x.Row(row);
            var target = destination.Row(row);
            var i = 0;
            for (; i <= source.Length - Vector<float>.Count; i += Vector<float>.Count)
            {
                var value = new Vector<float>(source[i..]);
                Vector.Max(Vector.Min(value, new Vector<float>(limit)), new Vector<float>(-limit)).CopyTo(target[i..]);
            }

            for (; i < source.Length; i++)
            {
                target[i] = MathF.Max(MathF.Min(source[i], limit), -limit);
            }
        }
    }

    /// <inheritdoc/>
    public override void ClampBackward(Tensor x, float limit, Tensor dy, Tensor dx, bool accumulate)
    {
        CheckClamp(x, dy);
        CheckClamp(x, dx);
        for (var row = 0; row < x.Rows; row++)
        {
            ReadOnlySpan<float> source = x.Row(row);
            ReadOnlySpan<float> incoming = dy.Row(row);
            var target = dx.Row(row);
            for (var i = 0; i < source.Length; i++)
            {
                var gradient = MathF.Abs(source[i]) <= limit ? incoming[i] : 0;
                target[i] = accumulate ? target[i] + gradient : gradient;
            }
        }
    }

    private static void CheckClamp(Tensor x, Tensor other)
    {
        if (x.Shape != other.Shape)
        {
            throw new ShapeMismatchException("Clamp", other.Shape.ToString(), x.Shape.ToString());
        }
    }
}
