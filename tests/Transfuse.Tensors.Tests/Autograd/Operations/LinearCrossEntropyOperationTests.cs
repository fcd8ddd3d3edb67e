using Transfuse.Tensors.Autograd;
using Transfuse.Tensors.Autograd.Operations;
using Transfuse.Tensors.Devices;
using Transfuse.Tensors.Devices.Cpu;

namespace Transfuse.Tensors.Tests.Autograd.Operations;

public sealed class LinearCrossEntropyOperationTests : IDisposable
{
    private const int Rows = 5;
    private const int Hidden = 6;
    private const int Vocabulary = 7;
    private static readonly int[] Labels = [3, -1, 0, 6, 2];
    private static readonly float[] LabelWeights = [0.5f, 1, 0.25f, 0, 1];
    private readonly CpuDevice _device = new(threads: 2);

    public void Dispose() => _device.Dispose();

    [Theory]
    [GradientCheckOf(typeof(LinearCrossEntropyOperation))]
    [InlineData(false, 1f, 0f)]
    [InlineData(true, 1f, 0f)]
    [InlineData(true, 0.7f, 3f)]
    public void Gradient_equals_central_differences(bool withTeacher, float scale, float cap)
    {
        var teacher = withTeacher ? Teacher() : null;
        var result = GradientCheck.RunLoss(_device, Inputs(), (tape, inputs) => Loss(tape.LinearCrossEntropy(
            inputs[0], inputs[1], new HeadOptions(scale, cap), Labels, LabelWeights, teacher), teacher));

        Assert.True(result.Difference <= 1e-3, result.ToString());
    }

    [Fact]
    public void Hidden_states_that_are_used_elsewhere_get_both_gradients()
    {
        var result = GradientCheck.RunLoss(_device, Inputs(), (tape, inputs) =>
        {
            var doubled = tape.Add(inputs[0], inputs[0]);
            var one = Loss(tape.LinearCrossEntropy(doubled, inputs[1], HeadOptions.Plain, Labels, LabelWeights), null);
            return one + Loss(tape.LinearCrossEntropy(doubled, inputs[1], HeadOptions.Plain, Labels, LabelWeights), null);
        });

        Assert.True(result.Difference <= 1e-3, result.ToString());
    }

    private static double Loss(CrossEntropyLosses losses, SparseTargets? teacher)
    {
        var total = 0.0;
        for (var row = 0; row < Rows; row++)
        {
            total += LabelWeights[row] * (double)losses.LabelLosses.Span[row];
            total += teacher is null ? 0 : teacher.Weights.Span[row] * (double)losses.TeacherLosses.Span[row];
        }

        return total;
    }

    private static SparseTargets Teacher() => new()
    {
        RowStarts = new[] { 0, 2, 3, 3, 5, 7 },
        Ids = new[] { 3, 1, 4, 0, 6, 2, 5 },
        Probabilities = new[] { 0.5f, 0.3f, 0.9f, 0.4f, 0.6f, 0.1f, 0.2f },
        RestMass = new[] { 0.2f, 0.1f, 0, 0, 0.7f },
        Weights = new[] { 0.5f, 1, 0, 0.75f, 2 },
    };

    private List<Tensor> Inputs()
    {
        var hidden = _device.Allocate(new Shape(Rows, Hidden));
        var weight = _device.Allocate(new Shape(Vocabulary, Hidden));
        KernelCase.Normal(Rows * Hidden, "hidden").CopyTo(hidden.AsSpan());
        KernelCase.Normal(Vocabulary * Hidden, "weight").CopyTo(weight.AsSpan());
        return [hidden, weight];
    }
}
