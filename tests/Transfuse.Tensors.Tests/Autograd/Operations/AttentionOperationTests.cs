using Transfuse.Tensors.Autograd;
using Transfuse.Tensors.Autograd.Operations;
using Transfuse.Tensors.Devices.Cpu;
using Transfuse.Tensors.Tests.Devices.Cpu.Attention;
using Transfuse.Tests.Shared;

namespace Transfuse.Tensors.Tests.Autograd.Operations;

public sealed class AttentionOperationTests : IDisposable
{
    private readonly CpuDevice _device = new(threads: 1);

    public void Dispose() => _device.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Gradients_agree_with_the_definition(bool fused)
    {
        var attentionCase = NewCase(fused);
        using var tape = new Tape(_device);
        var (query, key, value) = Inputs(tape, attentionCase, requiresGradient: true);
        Run(tape, attentionCase, query, key, value);
        var reference = new AttentionReference(attentionCase);
        var (dQuery, dKey, dValue) = (reference.DQuery, reference.DKey, reference.DValue);
        if (fused)
        {
            dQuery = dKey = dValue = Sum(dQuery, dKey, dValue);
        }

        // Columns outside the heads have the gradient 0, as the reference has.
        TensorAssert.Close(dQuery, query.Gradient!.AsSpan(), 5e-5, 1e-5, "dQuery");
        TensorAssert.Close(dKey, key.Gradient!.AsSpan(), 5e-5, 1e-5, "dKey");
        TensorAssert.Close(dValue, value.Gradient!.AsSpan(), 5e-5, 1e-5, "dValue");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Gradients_are_added_to_those_that_exist(bool fused)
    {
        var attentionCase = NewCase(fused);
        using var tape = new Tape(_device);
        var (query, key, value) = Inputs(tape, attentionCase, requiresGradient: true);
        foreach (var variable in new[] { query, key, value })
        {
            tape.GradientOf(variable, out var gradient);
            gradient.Fill(2);
        }

        Run(tape, attentionCase, query, key, value);
        var reference = new AttentionReference(attentionCase);
        var expected = fused ? Sum(reference.DQuery, reference.DKey, reference.DValue) : reference.DValue;
        TensorAssert.Close([.. expected.Select(x => x + 2)], value.Gradient!.AsSpan(), 5e-5, 1e-5);
    }

    [Fact]
    public void A_parameter_takes_its_gradient_too()
    {
        var attentionCase = NewCase(fused: false);
        using var tape = new Tape(_device);
        var (query, key, _) = Inputs(tape, attentionCase, requiresGradient: true);
        using var value = new Parameter("v", AttentionCase.NewTensor(_device, attentionCase.Value, attentionCase.ValueColumns));
        Run(tape, attentionCase, query, key, value);
        TensorAssert.Close(new AttentionReference(attentionCase).DValue, value.Gradient!.AsSpan(), 5e-5, 1e-5);
    }

    [Fact]
    public void Constants_get_no_gradient()
    {
        var attentionCase = NewCase(fused: false);
        using var tape = new Tape(_device);
        var query = tape.Input(AttentionCase.NewTensor(_device, attentionCase.Query, attentionCase.QueryColumns), requiresGradient: true);
        var (_, key, value) = Inputs(tape, attentionCase, requiresGradient: false);
        Run(tape, attentionCase, query, key, value);
        TensorAssert.Close(new AttentionReference(attentionCase).DQuery, query.Gradient!.AsSpan(), 5e-5, 1e-5);
        Assert.Null(key.Gradient);
        Assert.Null(value.Gradient);
    }

    [Fact]
    public void Keys_that_are_also_the_values_get_both_gradients()
    {
        var options = AttentionCase.NewOptions(2, 1, 8);
        var attentionCase = new AttentionCase(options, AttentionCase.Documents(6, 3));
        using var tape = new Tape(_device);
        var (query, key, _) = Inputs(tape, attentionCase, requiresGradient: true);
        var output = tape.Attention(
            query, attentionCase.QueryLayout, key, attentionCase.KeyLayout, key, attentionCase.KeyLayout, options, attentionCase.Segments);
        using var seed = AttentionCase.NewTensor(_device, attentionCase.DOutput, options.QueryHeads * options.HeadSize);
        SetGradient(tape, output, seed);
        tape.Backward();
        CheckByDifferences(key.Value, key.Gradient!, seed, () =>
        {
            using var inner = new Tape(_device, recordGradients: false);
            return inner.Attention(
                Borrow(inner, query), attentionCase.QueryLayout, Borrow(inner, key), attentionCase.KeyLayout, Borrow(inner, key),
                attentionCase.KeyLayout, options, attentionCase.Segments).Value.AsSpan().ToArray();
        });
    }

    [Theory]
    [GradientCheckOf(typeof(AttentionOperation))]
    [InlineData("causal")]
    [InlineData("all")]
    public void Gradients_agree_with_differences(string mask)
    {
        var attentionCase = new AttentionCase(AttentionMasks.All[mask] with { HeadSize = 4 }, AttentionCase.Documents(4, 7), fused: true);
        using var tape = new Tape(_device);
        var (fused, _, _) = Inputs(tape, attentionCase, requiresGradient: true);
        using var value = AttentionCase.NewTensor(_device, attentionCase.Query, attentionCase.QueryColumns);
        Run(tape, attentionCase, fused, fused, fused);
        using var seed = AttentionCase.NewTensor(_device, attentionCase.DOutput, 16);
        CheckByDifferences(value, fused.Gradient!, seed, () =>
        {
            using var inner = new Tape(_device, recordGradients: false);
            var variable = inner.Input(value.Reshape(value.Shape));
            return Apply(inner, attentionCase, variable, variable, variable).Value.AsSpan().ToArray();
        });
    }

    [Theory]
    [InlineData("relative")]
    [InlineData("relative both ways")]
    public void The_gradient_of_a_bias_agrees_with_differences(string mask)
    {
        var attentionCase = new AttentionCase(AttentionMasks.All[mask] with { HeadSize = 4, Scale = 0.5f }, AttentionCase.Documents(4, 37), fused: true);
        using var tape = new Tape(_device);
        var (fused, _, _) = Inputs(tape, attentionCase, requiresGradient: true);
        using var bias = new Parameter("bias", AttentionCase.NewTensor(_device, attentionCase.Bias!, 4));
        var output = Apply(tape, attentionCase, fused, fused, fused, bias);
        using var seed = AttentionCase.NewTensor(_device, attentionCase.DOutput, 16);
        SetGradient(tape, output, seed);
        tape.Backward();
        CheckByDifferences(bias.Value, bias.Gradient!, seed, () =>
        {
            using var inner = new Tape(_device, recordGradients: false);
            var variable = inner.Input(AttentionCase.NewTensor(_device, attentionCase.Query, attentionCase.QueryColumns));
            return Apply(inner, attentionCase, variable, variable, variable, bias).Value.AsSpan().ToArray();
        });
    }

    [Fact]
    public void Nothing_is_kept_when_scoring()
    {
        var attentionCase = NewCase(fused: true);
        using var tape = new Tape(_device, recordGradients: false);
        var (fused, _, _) = Inputs(tape, attentionCase, requiresGradient: false);
        var before = _device.Memory.UsedBytes;
        var output = Apply(tape, attentionCase, fused, fused, fused);
        output.Value.Dispose();
        Assert.Equal(before, _device.Memory.UsedBytes);
    }

    [Fact]
    public void Everything_kept_is_given_back()
    {
        var attentionCase = NewCase(fused: false);
        var before = _device.Memory.UsedBytes;
        using (var tape = new Tape(_device))
        {
            var (query, key, value) = Inputs(tape, attentionCase, requiresGradient: true);
            tape.GradientOf(key, out var gradient);
            gradient.Fill(0);
            Run(tape, attentionCase, query, key, value);
        }

        Assert.Equal(before, _device.Memory.UsedBytes);
    }

    private static AttentionCase NewCase(bool fused) =>
        new(AttentionCase.NewOptions(4, 2, 12), fused ? AttentionCase.Documents(9, 1, 70) : [new(0, 3, 0, 9), new(3, 70, 9, 70)], fused);

    private static double[] Sum(double[] a, double[] b, double[] c) => [.. a.Zip(b, (x, y) => x + y).Zip(c, (x, y) => x + y)];

    private static void SetGradient(Tape tape, Variable variable, Tensor seed)
    {
        tape.GradientOf(variable, out var gradient);
        gradient.CopyFrom(seed);
    }

    private static Variable Borrow(Tape tape, Variable variable) => tape.Input(variable.Value.Reshape(variable.Value.Shape));

    private static Variable Apply(Tape tape, AttentionCase attentionCase, Variable query, Variable key, Variable value, Variable? bias = null) =>
        tape.Attention(
            query, attentionCase.QueryLayout, key, attentionCase.KeyLayout, value, attentionCase.ValueLayout, attentionCase.Options,
            attentionCase.Segments, bias);

    // Central differences of Σ seed·output; float32 outputs leave about 1e-3 of the gradient.
    private static void CheckByDifferences(Tensor input, Tensor gradient, Tensor seed, Func<float[]> output)
    {
        const float Step = 1e-2f;
        for (var i = 0; i < input.Length; i++)
        {
            var original = input.AsSpan()[i];
            input.AsSpan()[i] = original + Step;
            var above = output();
            input.AsSpan()[i] = original - Step;
            var below = output();
            input.AsSpan()[i] = original;
            var difference = 0.0;
            for (var j = 0; j < above.Length; j++)
            {
                difference += seed.AsSpan()[j] * ((double)above[j] - below[j]) / (2 * Step);
            }

            Assert.True(Math.Abs(difference - gradient.AsSpan()[i]) < 3e-3 * (1 + Math.Abs(difference)), $"[{i}] {difference} {gradient.AsSpan()[i]}");
        }
    }

    private (Variable Query, Variable Key, Variable Value) Inputs(Tape tape, AttentionCase attentionCase, bool requiresGradient)
    {
        var query = tape.Input(AttentionCase.NewTensor(_device, attentionCase.Query, attentionCase.QueryColumns), requiresGradient);
        return attentionCase.Fused
            ? (query, query, query)
            : (query,
                tape.Input(AttentionCase.NewTensor(_device, attentionCase.Key, attentionCase.KeyColumns), requiresGradient),
                tape.Input(AttentionCase.NewTensor(_device, attentionCase.Value, attentionCase.ValueColumns), requiresGradient));
    }

    private void Run(Tape tape, AttentionCase attentionCase, Variable query, Variable key, Variable value)
    {
        var output = Apply(tape, attentionCase, query, key, value);
        TensorAssert.Close(new AttentionReference(attentionCase).Output, output.Value.AsSpan(), 2e-5, 1e-5, "output");
        using var seed = AttentionCase.NewTensor(_device, attentionCase.DOutput, output.Value.Columns);
        SetGradient(tape, output, seed);
        tape.Backward();
    }
}
