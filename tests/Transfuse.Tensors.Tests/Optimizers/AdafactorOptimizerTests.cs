using Transfuse.Tensors.Autograd;
using Transfuse.Tensors.Devices;
using Transfuse.Tensors.Devices.Cpu;
using Transfuse.Tensors.Errors;
using Transfuse.Tensors.Optimizers;
using Transfuse.Tests.Shared;

namespace Transfuse.Tensors.Tests.Optimizers;

public sealed class AdafactorOptimizerTests
{
    private const int Steps = 5;

    public static TheoryData<KernelTier> Tiers => [.. KernelTiers.Available];

    [Theory]
    [MemberData(nameof(Tiers))]
    public void Steps_agree_with_the_definition(KernelTier tier)
    {
        AdafactorOptions[] all =
        [
            new(),
            new() { WarmupInit = true },
            new() { RelativeStep = false, ScaleParameter = false, ClipThreshold = 0.3, WeightDecay = 0.1f },
            new() { RelativeStep = false, Beta1 = 0.9f, DecayRate = -0.5 },
            AdafactorOptions.PyTorch,
            AdafactorOptions.PyTorch with { WeightDecay = 0.2f, ClipThreshold = 0.4, DecayRate = -0.6, Epsilon = 0.4f },
        ];
        foreach (var options in all)
        {
            foreach (var (rows, columns) in ((int, int)[])[(1, 1), (1, 7), (5, 1), (3, 16), (64, 33), (65, 17), (200, 129), (7, 1000)])
            {
                Follow(tier, options, rows, columns);
                Follow(tier, options, rows * columns, 0);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Tiers))]
    public void What_never_had_a_gradient_stays_as_it_is_in_the_form_of_PyTorch(KernelTier tier)
    {
        using var device = new CpuDevice(tier, threads: 1);
        var values = KernelCase.Normal(9 * 7, "start");
        var gradient = KernelCase.Normal(9 * 7, "gradient").Select((value, i) => i / 7 is 0 or 4 || i % 7 == 6 ? 0 : value).ToArray();
        using var matrix = Matrix(device, "w", values, gradient, 7);
        using var vector = Matrix(device, "b", values, gradient, 0);
        using var optimizer = new AdafactorOptimizer(device, [matrix, vector], AdafactorOptions.PyTorch);
        optimizer.Step(0.02);
        optimizer.Step(0);
        for (var i = 0; i < values.Length; i++)
        {
            Assert.Equal(gradient[i] == 0, values[i].Equals(matrix.Value.AsSpan()[i]));
            Assert.Equal(gradient[i] == 0, values[i].Equals(vector.Value.AsSpan()[i]));
            Assert.True(float.IsFinite(matrix.Value.AsSpan()[i]) && float.IsFinite(vector.Value.AsSpan()[i]));
        }
    }

    [Fact]
    public void Blocks_of_rows_are_matrices_of_their_own()
    {
        using var device = new CpuDevice(threads: 1);
        float[] start = KernelCase.Normal(9 * 6, "start"), gradient = KernelCase.Normal(9 * 6, "gradient");
        using var fused = Matrix(device, "fused", start, gradient, 6, [2, 7]);
        using var first = Matrix(device, "first", start[..12], gradient[..12], 6);
        using var second = Matrix(device, "second", start[12..], gradient[12..], 6);
        using var one = new AdafactorOptimizer(device, [fused], new AdafactorOptions());
        using var two = new AdafactorOptimizer(device, [first, second], new AdafactorOptions());
        one.Step(0);
        two.Step(0);
        Assert.Equal([.. first.Value.AsSpan(), .. second.Value.AsSpan()], fused.Value.AsSpan().ToArray());
    }

    [Fact]
    public void Results_have_the_same_bits_for_any_number_of_threads_and_from_a_restored_state()
    {
        float[] start = KernelCase.Normal(300 * 70, "start"), gradient = KernelCase.Normal(300 * 70, "gradient");
        float[]? expected = null;
        foreach (var threads in (int[])[1, 4])
        {
            using var device = new CpuDevice(threads: threads);
            using var parameter = Matrix(device, "w", start, gradient, 70);
            using var optimizer = new AdafactorOptimizer(device, [parameter], new AdafactorOptions { Beta1 = 0.9f });
            optimizer.Step(0);
            optimizer.Step(0);
            expected ??= parameter.Value.AsSpan().ToArray();
            Assert.Equal(expected, parameter.Value.AsSpan().ToArray());

            using var resumed = Matrix(device, "w", expected, gradient, 70);
            using var second = new AdafactorOptimizer(device, [resumed], new AdafactorOptions { Beta1 = 0.9f }) { StepCount = optimizer.StepCount };
            Assert.Equal(["w.rows.0", "w.columns.0", "w.first.0"], optimizer.Moments.Select(moment => moment.Name));
            foreach (var (from, to) in optimizer.Moments.Zip(second.Moments))
            {
                to.Value.CopyFrom(from.Value);
            }

            optimizer.Step(0);
            second.Step(0);
            Assert.Equal(parameter.Value.AsSpan(), resumed.Value.AsSpan());
        }
    }

    [Fact]
    public void Moments_of_the_wrong_size_and_two_of_one_name_are_refused_and_memory_is_given_back()
    {
        using var device = new CpuDevice(threads: 1);
        using Parameter a = Matrix(device, "w", [1, 2], [1, 1], 2), b = Matrix(device, "w", [1], [1], 1);
        var before = device.Memory.UsedBytes;
        Assert.Contains("'w'", Assert.Throws<ArgumentException>(() => new AdafactorOptimizer(device, [a, b], new AdafactorOptions())).Message, StringComparison.Ordinal);
        Assert.Equal(before, device.Memory.UsedBytes);
        Assert.Throws<ShapeMismatchException>(() => device.Adafactor(a.Value, a.Gradient!, a.Value, null, null, new AdafactorArguments(1, 0, 0, 0, 0, 1, 0, 1)));
    }

    // Columns 0 stands for a vector.
    private static void Follow(KernelTier tier, AdafactorOptions options, int rows, int columns)
    {
        using var device = new CpuDevice(tier, threads: 2);
        var count = rows * Math.Max(columns, 1);
        var values = KernelCase.Normal(count, "start");
        using var parameter = Matrix(device, "w", values, values, columns);
        using var optimizer = new AdafactorOptimizer(device, [parameter], options);
        var reference = new Reference(options, [.. values.Select(value => (double)value)], rows, columns);
        for (var step = 1; step <= Steps; step++)
        {
            var gradient = KernelCase.Normal(count, $"gradient {step}");
            gradient.CopyTo(parameter.Gradient!.AsSpan());
            optimizer.Step(0.02, 0.5f);
            reference.Step([.. gradient.Select(value => 0.5 * value)], step, 0.02);
            TensorAssert.Close(reference.Values, parameter.Value.AsSpan(), 2e-6, 2e-6, $"{tier} [{rows}, {columns}], step {step}");
        }
    }

    private static Parameter Matrix(CpuDevice device, string name, float[] values, float[] gradient, int columns, int[]? blocks = null)
    {
        using var flat = device.ToTensor(values);
        var parameter = new Parameter(name, columns == 0 ? flat.Reshape(new Shape(values.Length)) : flat.Reshape(new Shape(values.Length / columns, columns)))
        {
            RowBlocks = blocks ?? [],
        };
        parameter.ZeroGradient(device);
        gradient.CopyTo(parameter.Gradient!.AsSpan());
        return parameter;
    }

    /// <summary>Algorithm 4 of the paper with the options of transformers and of PyTorch, in double, element by element.</summary>
    private sealed class Reference(AdafactorOptions options, double[] values, int rows, int columns)
    {
        private readonly bool _isPyTorch = options.Form == AdafactorForm.PyTorch;
        private readonly int _columns = Math.Max(columns, 1);
        private readonly double[] _rows = new double[rows];
        private readonly double[] _columnMoments = new double[Math.Max(columns, 1)];
        private readonly double[] _first = new double[values.Length];

        internal double[] Values => values;

        internal void Step(double[] gradient, int step, double learningRate)
        {
            var beta = 1 - Math.Pow(step, options.DecayRate);
            var update = new double[values.Length];
            for (var row = 0; row < rows; row++)
            {
                var mean = Enumerable.Range(0, _columns).Average(column => Math.Pow(gradient[(row * _columns) + column], 2) + (_isPyTorch ? 0 : options.Epsilon));
                _rows[row] = (beta * _rows[row]) + ((1 - beta) * mean);
            }

            for (var column = 0; column < columns; column++)
            {
                var mean = Enumerable.Range(0, rows).Average(row => Math.Pow(gradient[(row * _columns) + column], 2) + (_isPyTorch ? 0 : options.Epsilon));
                _columnMoments[column] = (beta * _columnMoments[column]) + ((1 - beta) * mean);
            }

            for (var i = 0; i < update.Length; i++)
            {
                var mean = _isPyTorch ? Math.Max(_rows.Average(), options.Epsilon) : _rows.Average();
                var variance = columns == 0 ? _rows[i] : _rows[i / _columns] * _columnMoments[i % _columns] / mean;
                update[i] = gradient[i] / Math.Sqrt(_isPyTorch ? Math.Max(variance, (double)options.Epsilon * options.Epsilon) : variance);
            }

            var rate = options.RelativeStep ? Math.Min(options.WarmupInit ? 1e-6 * step : 0.01, 1 / Math.Sqrt(step)) : learningRate;
            rate = _isPyTorch ? Math.Min(learningRate, 1 / Math.Sqrt(step)) : rate;
            rate *= options.ScaleParameter ? Math.Max(options.MinimumScale, Math.Sqrt(values.Average(value => value * value))) : 1;
            var clip = Math.Max(1, Math.Sqrt(update.Average(value => value * value)) / options.ClipThreshold);
            for (var i = 0; i < update.Length; i++)
            {
                update[i] *= rate / clip;
                if (options.Beta1 is { } beta1)
                {
                    update[i] = _first[i] = (beta1 * _first[i]) + ((1 - beta1) * update[i]);
                }

                values[i] = (values[i] * (1 - (options.WeightDecay * (_isPyTorch ? learningRate : rate)))) - update[i];
            }
        }
    }
}
