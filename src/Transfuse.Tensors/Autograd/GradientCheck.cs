using Transfuse.Tensors.Devices;
using Transfuse.Tensors.Random;

namespace Transfuse.Tensors.Autograd;

/// <summary>
/// Compares the gradients of a function on a tape with central differences of fourth order,
/// f′ ≈ (8(f(x + h) − f(x − h)) − (f(x + 2h) − f(x − 2h)))/12h.
/// The function runs in float32 and everything after it in double, so with smooth functions of values near 1 expect differences of 1e-4 to 1e-3.
/// </summary>
/// <remarks>
/// The function is called 4 times an element and must give the same result each time: one that draws random numbers starts a new stream in each call.
/// The inputs are given back as they were.
/// </remarks>
public static class GradientCheck
{
    /// <summary>Checks a function with a tensor result y through the loss Σ cᵢ·yᵢ with random c in [−1, 1).</summary>
    /// <param name="device">Where it runs.</param>
    /// <param name="inputs">Values at which to check; gradients of all of them are compared. Stay the caller's.</param>
    /// <param name="function">Computes y from one variable an input.</param>
    /// <param name="step">h.</param>
    /// <returns>The largest difference found.</returns>
    public static GradientCheckResult Run(
        Device device, IReadOnlyList<Tensor> inputs, Func<Tape, IReadOnlyList<Variable>, Variable> function, float step = 0.02f)
    {
        ArgumentNullException.ThrowIfNull(function);
        return RunLoss(device, inputs, (tape, variables) => Project(tape, function(tape, variables)), step);
    }

    /// <summary>Checks a function that is a loss: it returns its value and has seeded the tape, as losses of the tape do by themselves.</summary>
    /// <param name="device">Where it runs.</param>
    /// <param name="inputs">Values at which to check; gradients of all of them are compared. Stay the caller's.</param>
    /// <param name="loss">Computes the loss from one variable an input.</param>
    /// <param name="step">h.</param>
    /// <returns>The largest difference found.</returns>
    public static GradientCheckResult RunLoss(
        Device device, IReadOnlyList<Tensor> inputs, Func<Tape, IReadOnlyList<Variable>, double> loss, float step = 0.02f)
    {
        ArgumentNullException.ThrowIfNull(device);
        ArgumentNullException.ThrowIfNull(inputs);
        ArgumentNullException.ThrowIfNull(loss);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(step);
        var gradients = Gradients(device, inputs, loss);
        var worst = default(GradientCheckResult);
        for (var input = 0; input < inputs.Count; input++)
        {
            var quotients = Quotients(device, inputs, input, loss, step);
            var scale = quotients.Length == 0 ? 1 : Math.Max(1, quotients.Max(Math.Abs));
            for (var element = 0; element < quotients.Length; element++)
            {
                var gradient = gradients[input][element];
                var difference = Math.Abs(gradient - quotients[element]) / scale;
                if (!(difference <= worst.Difference))
                {
                    worst = new(difference, input, element, gradient, quotients[element]);
                }

                if (double.IsNaN(difference))
                {
                    return worst;
                }
            }
        }

        return worst;
    }

    /// <summary>Σ cᵢ·yᵢ in double, and c as the gradient of y.</summary>
    private static double Project(Tape tape, Variable y)
    {
        var random = new RandomStream(0, nameof(GradientCheck));
        using var coefficients = tape.Device.Allocate(y.Value.Shape);
        var sum = 0.0;
        var values = y.Value.AsSpan();
        var span = coefficients.AsSpan();
        for (var i = 0; i < span.Length; i++)
        {
            span[i] = (2 * random.NextSingle()) - 1;
            sum += (double)span[i] * values[i];
        }

        tape.Seed(y, coefficients);
        return sum;
    }

    private static float[][] Gradients(Device device, IReadOnlyList<Tensor> inputs, Func<Tape, IReadOnlyList<Variable>, double> loss)
    {
        using var tape = new Tape(device);
        var variables = Variables(tape, inputs);
        _ = loss(tape, variables);
        tape.Backward();

        // An input that nothing flowed into has the gradient 0.
        return [.. variables.Select(variable => variable.Gradient?.AsSpan().ToArray() ?? new float[variable.Value.Length])];
    }

    private static double[] Quotients(
        Device device, IReadOnlyList<Tensor> inputs, int input, Func<Tape, IReadOnlyList<Variable>, double> loss, float step)
    {
        var tensor = inputs[input];
        var quotients = new double[tensor.Length];
        for (var element = 0; element < quotients.Length; element++)
        {
            var value = tensor.AsSpan()[element];

            // The step that float32 really takes, so that its rounding is no error.
            var h = (float)(value + step) - value;
            double At(float offset)
            {
                tensor.AsSpan()[element] = value + offset;
                using var tape = new Tape(device);
                return loss(tape, Variables(tape, inputs));
            }

            quotients[element] = ((8 * (At(h) - At(-h))) - (At(2 * h) - At(-2 * h))) / (12.0 * h);
            tensor.AsSpan()[element] = value;
        }

        return quotients;
    }

    private static List<Variable> Variables(Tape tape, IReadOnlyList<Tensor> inputs)
    {
        var variables = new List<Variable>(inputs.Count);
        foreach (var input in inputs)
        {
            var copy = tape.Device.Allocate(input.Shape);
            copy.CopyFrom(input);
            variables.Add(tape.Input(copy, requiresGradient: true));
        }

        return variables;
    }
}
