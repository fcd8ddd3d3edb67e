using Transfuse.Tensors.Autograd;
using Transfuse.Tensors.Devices;

namespace Transfuse.Tensors.Optimizers;

/// <summary>AdamW over a model's trainable parameters; owns the moments.</summary>
public sealed class AdamWOptimizer : IDisposable
{
    /// <summary>Makes zero moments for every trainable parameter.</summary>
    public AdamWOptimizer(Device device, IReadOnlyList<Parameter> parameters, AdamWOptions options) => throw new NotImplementedException();

    /// <summary>Number of steps taken; settable to continue a run.</summary>
    public int StepCount { get; set; }

    /// <summary>The moments of every trainable parameter, by name, for checkpoints: read them to save, write into them to restore.</summary>
    public IReadOnlyList<(string Name, Tensor First, Tensor Second)> Moments => throw new NotImplementedException();

    /// <summary>One step with the gradients that the parameters hold.</summary>
    /// <param name="learningRate">Step size.</param>
    /// <param name="gradientScale">Factor on all gradients, from clipping.</param>
    public void Step(double learningRate, float gradientScale = 1) => throw new NotImplementedException();

    /// <summary>Releases the moments.</summary>
    public void Dispose() => throw new NotImplementedException();
}
