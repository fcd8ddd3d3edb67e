using Transfuse.Tensors.Devices.Cpu.Optimizer;
using Transfuse.Tensors.Memory;
using Transfuse.Tensors.Optimizers;

namespace Transfuse.Tensors.Devices.Cpu;

public sealed unsafe partial class CpuDevice
{
    /// <inheritdoc/>
    public override void AdamW(Tensor parameter, Tensor gradient, Tensor firstMoment, Tensor secondMoment, in AdamWArguments arguments)
    {
        RequireSameLength(nameof(AdamW), parameter, gradient);
        RequireSameLength(nameof(AdamW), parameter, firstMoment);
        RequireSameLength(nameof(AdamW), parameter, secondMoment);
        ArgumentOutOfRangeException.ThrowIfLessThan(arguments.Step, 1, nameof(arguments));
        var kernel = new AdamWKernel(Flat(parameter), Flat(gradient), Flat(firstMoment), Flat(secondMoment), arguments);
        ForEach(kernel, 1, parameter.Length);
    }

    /// <inheritdoc/>
    public override Tensor AllocatePackedMoments(OptimizerStates states, long length) => AllocateZeroed(new Shape(PackedMoments.Words(states, length)));

    /// <inheritdoc/>
    public override void PackedAdamW(
        Tensor parameter, Tensor gradient, Tensor firstMoment, Tensor secondMoment, OptimizerStates states, in AdamWArguments arguments)
    {
        RequireSameLength(nameof(PackedAdamW), parameter, gradient);
        RequireSameLength(nameof(PackedAdamW), firstMoment, secondMoment);
        ArgumentOutOfRangeException.ThrowIfLessThan(arguments.Step, 1, nameof(arguments));
        if (states == OptimizerStates.Float32 || firstMoment.Length != PackedMoments.Words(states, parameter.Length))
        {
            throw new ArgumentException($"Moments of {firstMoment.Length} words do not hold {states} for {parameter.Length} elements.", nameof(firstMoment));
        }

        var body = new PackedAdamWBody(parameter, gradient, firstMoment, secondMoment, states, arguments);
        Run(body.TaskCount, body);
    }

    /// <inheritdoc/>
    public override double SumOfSquares(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        var taskCount = WorkBlocks.Of(1, x.Length).TaskCount;
        using var scratch = new ScratchMemory(Memory, 2L * taskCount);
        var sums = (double*)scratch.Data;
        Run(taskCount, new SumOfSquaresBody(x.Data, x.Length, sums));
        var total = 0.0;
        for (var task = 0; task < taskCount; task++)
        {
            total += sums[task];
        }

        return total;
    }
}
