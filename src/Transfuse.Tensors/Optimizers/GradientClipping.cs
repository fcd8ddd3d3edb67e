using Transfuse.Tensors.Autograd;
using Transfuse.Tensors.Devices;

namespace Transfuse.Tensors.Optimizers;

/// <summary>Clipping by the global norm (Pascanu et al. 2013).</summary>
public static class GradientClipping
{
    /// <summary>√Σg² over all trainable parameters that have a gradient, summed in double. NaN or infinite if a gradient is.</summary>
    public static double GlobalNorm(Device device, IReadOnlyList<Parameter> parameters)
    {
        ArgumentNullException.ThrowIfNull(device);
        ArgumentNullException.ThrowIfNull(parameters);
        var sum = 0.0;
        for (var i = 0; i < parameters.Count; i++)
        {
            if (parameters[i] is { IsTrainable: true, Gradient: { } gradient })
            {
                sum += device.SumOfSquares(gradient);
            }
        }

        return Math.Sqrt(sum);
    }

    /// <summary>
    /// Factor that brings gradients of norm <paramref name="norm"/> down to <paramref name="maximum"/>: min(1, maximum/norm); 1 if
    /// <paramref name="maximum"/> is 0. PyTorch divides by norm + 1e-6 instead, which at a maximum of 1 differs by less than one part in a million.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The maximum is negative or not a number.</exception>
    /// <exception cref="ArithmeticException">The norm is not finite: a step with it would destroy the parameters.</exception>
    public static float ScaleFor(double norm, double maximum)
    {
        if (!(maximum >= 0))
        {
            throw new ArgumentOutOfRangeException(nameof(maximum), maximum, "The largest norm allowed is a number of at least 0; 0 means no clipping.");
        }

        if (!double.IsFinite(norm))
        {
            throw new ArithmeticException($"The gradient's norm is {norm}; lower the learning rate or look for a document with extreme values.");
        }

        return maximum == 0 || norm <= maximum ? 1 : (float)(maximum / norm);
    }
}
