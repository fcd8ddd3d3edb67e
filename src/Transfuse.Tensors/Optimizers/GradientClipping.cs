using Transfuse.Tensors.Autograd;
using Transfuse.Tensors.Devices;

namespace Transfuse.Tensors.Optimizers;

/// <summary>Clipping by the global norm.</summary>
public static class GradientClipping
{
    /// <summary>√Σg² over all trainable parameters, summed in double.</summary>
    public static double GlobalNorm(Device device, IReadOnlyList<Parameter> parameters) => throw new NotImplementedException();

    /// <summary>Factor that brings gradients of norm <paramref name="norm"/> down to <paramref name="maximum"/>: min(1, maximum/norm); 1 if <paramref name="maximum"/> is 0.</summary>
    public static float ScaleFor(double norm, double maximum) => throw new NotImplementedException();
}
