using Transfuse.Tensors.Autograd;
using Transfuse.Tensors.Devices;
using Transfuse.Tensors.Errors;

namespace Transfuse.Tensors.Optimizers;

/// <summary>
/// AdamW (Loshchilov and Hutter 2019) over a model's trainable parameters; owns the moments. The state of a run is <see cref="StepCount"/> and
/// <see cref="Moments"/>.
/// </summary>
public sealed class AdamWOptimizer : IDisposable
{
    private readonly Device _device;
    private readonly AdamWOptions _options;
    private readonly List<Parameter> _parameters;
    private readonly List<(string Name, Tensor First, Tensor Second)> _moments;

    /// <summary>Makes zero moments for every trainable parameter.</summary>
    /// <param name="device">Where the moments live and steps run.</param>
    /// <param name="parameters">The model's parameters; those that are not trainable now stay as they are.</param>
    /// <param name="options">Settings.</param>
    /// <exception cref="ArgumentException">Two parameters have the same name.</exception>
    /// <exception cref="ResourceLimitException">The moments do not fit the memory limit.</exception>
    public AdamWOptimizer(Device device, IReadOnlyList<Parameter> parameters, AdamWOptions options)
    {
        ArgumentNullException.ThrowIfNull(device);
        ArgumentNullException.ThrowIfNull(parameters);
        ArgumentNullException.ThrowIfNull(options);
        _device = device;
        _options = options;
        _parameters = [.. parameters.Where(parameter => parameter.IsTrainable)];
        if (_parameters.GroupBy(parameter => parameter.Name, StringComparer.Ordinal).FirstOrDefault(group => group.Count() > 1) is { } twice)
        {
            throw new ArgumentException($"{twice.Count()} parameters are named '{twice.Key}'; moments are stored by name.", nameof(parameters));
        }

        _moments = new List<(string, Tensor, Tensor)>(_parameters.Count);
        try
        {
            foreach (var parameter in _parameters)
            {
                var first = AllocateMoment(parameter);
                _moments.Add((parameter.Name, first, first));
                _moments[^1] = (parameter.Name, first, AllocateMoment(parameter));
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Number of steps taken; settable to continue a run.</summary>
    public int StepCount { get; set; }

    /// <summary>The moments of every trainable parameter, by name, for checkpoints: read them to save, write into them to restore. Where they are kept in fewer bits, these are packed words, of another shape than the parameter.</summary>
    public IReadOnlyList<(string Name, Tensor First, Tensor Second)> Moments => _moments;

    /// <summary>
    /// One step with the gradients that the parameters hold. A parameter without gradient is left alone, moments and all, as in PyTorch;
    /// one with a gradient of zeros decays.
    /// </summary>
    /// <param name="learningRate">Step size.</param>
    /// <param name="gradientScale">Factor on all gradients, from clipping.</param>
    public void Step(double learningRate, float gradientScale = 1)
    {
        StepCount++;
        for (var i = 0; i < _parameters.Count; i++)
        {
            var parameter = _parameters[i];
            if (parameter.Gradient is not { } gradient)
            {
                continue;
            }

            var decay = parameter.Decays ? _options.WeightDecay : 0;
            var arguments = new AdamWArguments(
                (float)learningRate, _options.Beta1, _options.Beta2, _options.Epsilon, decay, StepCount, gradientScale);
            var (_, first, second) = _moments[i];
            if (_options.States == OptimizerStates.Float32)
            {
                _device.AdamW(parameter.Value, gradient, first, second, arguments);
            }
            else
            {
                _device.PackedAdamW(parameter.Value, gradient, first, second, _options.States, arguments);
            }
        }
    }

    /// <summary>Releases the moments.</summary>
    public void Dispose()
    {
        foreach (var (_, first, second) in _moments)
        {
            first.Dispose();
            second.Dispose();
        }
    }

    private Tensor AllocateMoment(Parameter parameter) => _options.States == OptimizerStates.Float32
        ? _device.AllocateZeroed(parameter.Value.Shape)
        : _device.AllocatePackedMoments(_options.States, parameter.Value.Length);
}
