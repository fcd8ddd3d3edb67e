using Transfuse.Tensors.Devices;
using Transfuse.Tensors.Devices.Cpu;
using Transfuse.Tensors.Random;
using Transfuse.Tests.Shared;

namespace Transfuse.Tensors.Tests.Devices.Cpu;

/// <summary>Rows, a head, labels and a teacher, and what the loss and its gradients make of them.</summary>
internal sealed class CrossEntropyProblem : IDisposable
{
    internal required CpuDevice Device { get; init; }

    internal required Tensor Hidden { get; init; }

    internal required Tensor Weight { get; init; }

    internal required HeadOptions Options { get; init; }

    internal required int[] Labels { get; init; }

    internal required float[] LabelWeights { get; init; }

    internal required CrossEntropyTeacher? Teacher { get; init; }

    internal required Tensor DHidden { get; init; }

    internal required Tensor DWeight { get; init; }

    internal float[] LabelLosses { get; private init; } = [];

    internal float[] TeacherLosses { get; private init; } = [];

    /// <summary>With hidden size 1 and a hidden state of 1, the head's gradient is that of the logits.</summary>
    internal ReadOnlySpan<float> LogitGradient => DWeight.AsSpan();

    internal static CrossEntropyProblem Create(KernelTier tier, int n, int h, int v, HeadOptions options, bool hasTeacher, int threads = 2, ProductPrecision precision = ProductPrecision.Float32)
    {
        var random = new RandomStream(1, $"{n} {h} {v}");
        var problem = Create(new CpuDevice(tier, threads, precision: precision), n, h, v, options, hasTeacher ? CrossEntropyTeacher.Random(n, v, random) : null);
        foreach (var tensor in (Tensor[])[problem.Hidden, problem.Weight])
        {
            foreach (ref var value in tensor.AsSpan())
            {
                value = (float)random.NextNormal();
            }
        }

        for (var row = 0; row < n; row++)
        {
            problem.Labels[row] = row % 6 == 0 ? -1 : random.NextInt32(v);
            problem.LabelWeights[row] = row % 4 == 0 ? 0 : random.NextSingle();
        }

        return problem;
    }

    internal static CrossEntropyProblem FromLogits(
        float[] logits, int label, float labelWeight, int[] ids, float[] probabilities, float rest, float teacherWeight)
    {
        var teacher = new CrossEntropyTeacher([0, ids.Length], ids, probabilities, [rest], [teacherWeight]);
        var problem = Create(new CpuDevice(threads: 1), 1, 1, logits.Length, HeadOptions.Plain, teacher);
        problem.Hidden.Fill(1);
        logits.CopyTo(problem.Weight.AsSpan());
        (problem.Labels[0], problem.LabelWeights[0]) = (label, labelWeight);
        return problem;
    }

    internal void Run(bool gradients)
    {
        DWeight.Fill(0);
        Run(gradients ? DHidden : null, gradients ? DWeight : null);
    }

    internal void Run(Tensor? dHidden, Tensor? dWeight) => Device.LinearCrossEntropy(
        Hidden, Weight, Options, Labels, LabelWeights, Teacher?.Targets, LabelLosses, TeacherLosses, dHidden, dWeight);

    internal void AssertEqualsReference()
    {
        var reference = new CrossEntropyReference(Hidden, Weight, Options);
        for (var row = 0; row < Hidden.Rows; row++)
        {
            var expected = Labels[row] < 0 ? 0 : -reference.LogProbabilities(row)[Labels[row]];
            Assert.Equal(expected, LabelLosses[row], 3e-6 + (2e-6 * Math.Abs(expected)));
            if (Teacher is not null)
            {
                var loss = reference.TeacherLoss(row, Teacher.Targets);
                Assert.Equal(loss, TeacherLosses[row], 3e-6 + (2e-6 * Math.Abs(loss)));
            }
        }

        var (dHidden, dWeight) = reference.Gradients(Labels, LabelWeights, Teacher?.Targets);
        TensorAssert.Close(dHidden, DHidden.AsSpan(), 5e-6, 1e-5, "dHidden");
        TensorAssert.Close(dWeight, DWeight.AsSpan(), 1e-5, 1e-5, "dWeight");
    }

    internal void AssertNear(double lossTolerance, double gradientTolerance)
    {
        var reference = new CrossEntropyReference(Hidden, Weight, Options);
        for (var row = 0; row < Hidden.Rows; row++)
        {
            Assert.Equal(Labels[row] < 0 ? 0 : -reference.LogProbabilities(row)[Labels[row]], LabelLosses[row], lossTolerance);
            if (Teacher is not null)
            {
                Assert.Equal(reference.TeacherLoss(row, Teacher.Targets), TeacherLosses[row], lossTolerance);
            }
        }

        var (dHidden, dWeight) = reference.Gradients(Labels, LabelWeights, Teacher?.Targets);
        Assert.InRange(Distance(dHidden, DHidden), 0, gradientTolerance);
        Assert.InRange(Distance(dWeight, DWeight), 0, gradientTolerance);
    }

    private static double Distance(double[] expected, Tensor actual) =>
        Math.Sqrt(expected.Zip(actual.AsSpan().ToArray(), (e, a) => (e - a) * (e - a)).Sum() / expected.Sum(e => e * e));

    public void Dispose()
    {
        foreach (var tensor in (Tensor[])[Hidden, Weight, DHidden, DWeight])
        {
            tensor.Dispose();
        }

        Device.Dispose();
    }

    private static CrossEntropyProblem Create(CpuDevice device, int n, int h, int v, HeadOptions options, CrossEntropyTeacher? teacher) => new()
    {
        Device = device,
        Hidden = device.AllocateZeroed(new Shape(n, h)),
        Weight = device.AllocateZeroed(new Shape(v, h)),
        Options = options,
        Labels = new int[n],
        LabelWeights = new float[n],
        Teacher = teacher,
        DHidden = device.AllocateZeroed(new Shape(n, h)),
        DWeight = device.AllocateZeroed(new Shape(v, h)),
        LabelLosses = new float[n],
        TeacherLosses = new float[teacher is null ? 0 : n],
    };
}
