using Transfuse.Tensors.Autograd;
using Transfuse.Tensors.Devices;
using Transfuse.Tensors.Errors;

namespace Transfuse.Tensors.Optimizers;

/// <summary>
/// Adafactor (Shazeer and Stern 2018), as transformers or as PyTorch has it: second moments of matrices are kept as those of rows and columns. A fused
/// parameter's <see cref="Parameter.RowBlocks"/> are matrices of their own. Owns the moments.
/// </summary>
public sealed class AdafactorOptimizer : IDisposable
{
    private readonly Device _device;
    private readonly AdafactorOptions _options;
    private readonly List<(Parameter Parameter, List<Block> Blocks)> _parameters = [];

    /// <summary>Makes zero moments for every trainable parameter.</summary>
    /// <param name="device">Where the moments live and steps run.</param>
    /// <param name="parameters">The model's parameters; those that are not trainable now stay as they are.</param>
    /// <param name="options">Settings.</param>
    /// <exception cref="ArgumentException">Two parameters have the same name.</exception>
    /// <exception cref="ResourceLimitException">The moments do not fit the memory limit.</exception>
    public AdafactorOptimizer(Device device, IReadOnlyList<Parameter> parameters, AdafactorOptions options)
    {
        ArgumentNullException.ThrowIfNull(device);
        ArgumentNullException.ThrowIfNull(parameters);
        ArgumentNullException.ThrowIfNull(options);
        _device = device;
        _options = options;
        var names = new HashSet<string>(StringComparer.Ordinal);
        try
        {
            foreach (var parameter in parameters.Where(parameter => parameter.IsTrainable))
            {
                if (!names.Add(parameter.Name))
                {
                    throw new ArgumentException($"Two parameters are named '{parameter.Name}'; moments are stored by name.", nameof(parameters));
                }

                _parameters.Add((parameter, []));
                AddBlocks(parameter, _parameters[^1].Blocks);
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

    /// <summary>
    /// The moments by name, for checkpoints: read them to save, write into them to restore. <c>name.rows.i</c> and <c>name.columns.i</c> of block i
    /// of a matrix, <c>name.elements.i</c> of a vector, <c>name.first.i</c> where there is a first moment.
    /// </summary>
    public IReadOnlyList<(string Name, Tensor Value)> Moments =>
    [
        .. _parameters.SelectMany(pair => pair.Blocks.SelectMany((block, i) => block.Moments().Select(moment => ($"{pair.Parameter.Name}.{moment.Kind}.{i}", moment.Value)))),
    ];

    /// <summary>One step with the gradients that the parameters hold. A parameter without gradient is left alone, moments and all.</summary>
    /// <param name="learningRate">Step size, in <see cref="AdafactorForm.PyTorch"/> its bound; not used with <see cref="AdafactorOptions.RelativeStep"/>.</param>
    /// <param name="gradientScale">Factor on all gradients, from clipping.</param>
    public void Step(double learningRate, float gradientScale = 1)
    {
        StepCount++;
        var (isPyTorch, inverseRoot) = (_options.Form == AdafactorForm.PyTorch, 1 / Math.Sqrt(StepCount));
        var step = isPyTorch ? Math.Min(learningRate, inverseRoot)
            : _options.RelativeStep ? Math.Min(_options.WarmupInit ? 1e-6 * StepCount : 1e-2, inverseRoot)
            : learningRate;
        var beta2 = 1 - Math.Pow(StepCount, _options.DecayRate);
        foreach (var (parameter, blocks) in _parameters)
        {
            if (parameter.Gradient is not { } gradient)
            {
                continue;
            }

            foreach (var block in blocks)
            {
                using var value = block.Of(parameter.Value);
                using var blockGradient = block.Of(gradient);
                var scale = _options.ScaleParameter || isPyTorch
                    ? Math.Max(_options.MinimumScale, Math.Sqrt(_device.SumOfSquares(value) / value.Length))
                    : 1;
                var decay = parameter.Decays ? _options.WeightDecay * (isPyTorch ? learningRate : step * scale) : 0;
                _device.Adafactor(value, blockGradient, block.Rows, block.Columns, block.First, new AdafactorArguments(
                    step * scale, beta2, _options.Beta1 ?? 0, isPyTorch ? 0 : _options.Epsilon, isPyTorch ? _options.Epsilon : 0,
                    _options.ClipThreshold, decay, gradientScale));
            }
        }
    }

    /// <summary>Releases the moments.</summary>
    public void Dispose()
    {
        foreach (var block in _parameters.SelectMany(pair => pair.Blocks))
        {
            foreach (var (_, moment) in block.Moments())
            {
                moment.Dispose();
            }
        }
    }

    private void AddBlocks(Parameter parameter, List<Block> blocks)
    {
        var isVector = parameter.Value.Shape.Rank == 1;
        var columns = isVector ? 1 : parameter.Value.Columns;
        var start = 0;
        foreach (var count in parameter.RowBlocks.Count > 0 ? parameter.RowBlocks : [isVector ? (int)parameter.Value.Length : parameter.Value.Rows])
        {
            // Added before it is complete, so that what was allocated is given back if the rest does not fit.
            var block = new Block(start, count, columns) { Rows = _device.AllocateZeroed(new Shape(count)) };
            blocks.Add(block);
            block.Columns = isVector ? null : _device.AllocateZeroed(new Shape(columns));
            block.First = _options.Beta1 is null ? null : _device.AllocateZeroed(new Shape(count, columns));
            start += count;
        }
    }

    /// <summary>A matrix or vector of its own within a parameter.</summary>
    private sealed class Block(int start, int count, int columns)
    {
        /// <summary>Second moments of the rows, or of a vector's elements.</summary>
        internal required Tensor Rows { get; init; }

        /// <summary>Second moments of the columns; null for a vector.</summary>
        internal Tensor? Columns { get; set; }

        internal Tensor? First { get; set; }

        internal Tensor Of(Tensor whole)
        {
            using var rows = whole.Reshape(new Shape((int)(whole.Length / columns), columns));
            return rows.SliceRows(start, count);
        }

        internal IEnumerable<(string Kind, Tensor Value)> Moments()
        {
            yield return (Columns is null ? "elements" : "rows", Rows);
            if (Columns is not null)
            {
                yield return ("columns", Columns);
            }

            if (First is not null)
            {
                yield return ("first", First);
            }
        }
    }
}
