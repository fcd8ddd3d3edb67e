using Transfuse.Tensors.Devices;
using Transfuse.Tensors.Devices.Cpu;
using Transfuse.Tensors.Errors;
using Transfuse.Tensors.Random;
using Transfuse.Tensors.Tests.Devices.Cpu.Gemm.Bf16;
using Transfuse.Tests.Shared;

namespace Transfuse.Tensors.Tests.Devices.Cpu;

public sealed class CpuDeviceLinearCrossEntropyTests
{
    public static TheoryData<KernelTier, float, float, bool> Cases
    {
        get
        {
            var data = new TheoryData<KernelTier, float, float, bool>();
            foreach (var tier in KernelTiers.Available)
            {
                data.Add(tier, 1, 0, false);
                data.Add(tier, 1, 0, true);
                data.Add(tier, 0.7f, 0, true);
                data.Add(tier, 1.5f, 4, true);
                data.Add(tier, 1, 30, false);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Losses_and_gradients_equal_the_reference(KernelTier tier, float scale, float cap, bool hasTeacher)
    {
        foreach (var (n, h, v) in ((int, int, int)[])[(7, 5, 3), (40, 24, 1), (33, 17, 531), (60, 8, 1600)])
        {
            using var problem = Problem.Create(tier, n, h, v, new HeadOptions(scale, cap), hasTeacher);
            problem.Run(gradients: true);
            problem.AssertEqualsReference();
        }
    }

    // Gradients of logits are rounded twice, operands of products once.
    [BFloat16Theory]
    [InlineData(1, 0, false)]
    [InlineData(1.5f, 4, true)]
    public void Losses_and_gradients_in_bfloat16_are_near_the_reference(float scale, float cap, bool hasTeacher)
    {
        foreach (var (n, h, v) in ((int, int, int)[])[(7, 5, 3), (33, 17, 531), (60, 8, 1600), (1500, 24, 70)])
        {
            using var problem = Problem.Create(KernelTiers.Best, n, h, v, new HeadOptions(scale, cap), hasTeacher, precision: ProductPrecision.BFloat16);
            problem.Run(gradients: true);
            problem.AssertNear(lossTolerance: 0.12, gradientTolerance: 0.012);
        }
    }

    [Fact]
    public void A_deep_head_equals_the_reference()
    {
        using var problem = Problem.Create(KernelTiers.Best, 20, 2600, 300, new HeadOptions(0.02f, 0), hasTeacher: true);
        problem.Run(gradients: true);
        problem.AssertEqualsReference();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(5)]
    public void Losses_have_the_same_bits_with_and_without_gradients(float cap)
    {
        using var problem = Problem.Create(KernelTiers.Best, 50, 20, 1999, new HeadOptions(1, cap), hasTeacher: true);
        problem.Run(gradients: true);
        float[] labels = [.. problem.LabelLosses], teacher = [.. problem.TeacherLosses];
        problem.Run(gradients: false);
        Assert.Equal(labels, problem.LabelLosses);
        Assert.Equal(teacher, problem.TeacherLosses);
    }

    [Fact]
    public void Several_chunks_equal_the_reference()
    {
        using var problem = Problem.Create(KernelTiers.Best, 2300, 6, 90, HeadOptions.Plain, hasTeacher: true);
        problem.Run(gradients: true);
        problem.AssertEqualsReference();
    }

    [Fact]
    public void Same_bits_for_any_number_of_threads_and_with_or_without_gradients()
    {
        using var one = Problem.Create(KernelTiers.Best, 300, 20, 700, HeadOptions.Plain, hasTeacher: true, threads: 1);
        one.Run(gradients: true);
        foreach (var threads in (int[])[2, 4])
        {
            using var many = Problem.Create(KernelTiers.Best, 300, 20, 700, HeadOptions.Plain, hasTeacher: true, threads);
            many.Run(gradients: true);
            Assert.Equal(one.LabelLosses, many.LabelLosses);
            Assert.Equal(one.TeacherLosses, many.TeacherLosses);
            Assert.Equal(one.DHidden.AsSpan().ToArray(), many.DHidden.AsSpan().ToArray());
            Assert.Equal(one.DWeight.AsSpan().ToArray(), many.DWeight.AsSpan().ToArray());
        }

        var losses = one.LabelLosses.ToArray();
        one.Run(gradients: false);
        Assert.Equal(losses, one.LabelLosses);
    }

    // FuseLLM's loss by hand: z = [2, 1, 0, −1], gold 0; MinCE's and AvgCE's teachers.
    [Theory]
    [InlineData(new[] { 1 }, new[] { 1f }, 0.540190)]
    [InlineData(new[] { 0, 1, 2 }, new[] { 0.393910f, 0.450300f, 0.155790f }, 0.516378)]
    public void Fused_loss_equals_the_worked_example(int[] ids, float[] probabilities, double loss)
    {
        using var problem = Problem.FromLogits([2, 1, 0, -1], label: 0, labelWeight: 0.9f, ids, probabilities, rest: 0, teacherWeight: 0.1f);
        problem.Run(gradients: true);
        Assert.Equal(0.440190, problem.LabelLosses[0], 5e-7);
        Assert.Equal(loss, (0.9 * problem.LabelLosses[0]) + (0.1 * problem.TeacherLosses[0]), 1e-6);
    }

    // K = {0: 0.6, 1: 0.3}, r = 0.1; the gradient was checked against finite differences.
    [Fact]
    public void Rest_bucket_equals_the_worked_example()
    {
        using var problem = Problem.FromLogits([2, 1, 0, -1], label: -1, labelWeight: 1, [0, 1], [0.6f, 0.3f], rest: 0.1f, teacherWeight: 1);
        problem.Run(gradients: true);
        Assert.Equal(0.908864, problem.TeacherLosses[0], 1e-6);
        TensorAssert.Close([0.043914, -0.063117, 0.014038, 0.005164], problem.LogitGradient, 1e-6, 0);
        Assert.Equal(0, problem.LabelLosses[0]);
    }

    [Theory]
    [InlineData(20f)]
    [InlineData(60f)]
    [InlineData(200f)]
    public void Rest_stays_exact_where_the_student_gives_it_almost_nothing(float gap)
    {
        // 1 − Q = 2·e^−gap/(1 + 2·e^−gap): far below one float32 step from 1, and below the smallest float32.
        using var problem = Problem.FromLogits([gap, 0, 0], label: -1, labelWeight: 0, [0], [0.9f], rest: 0.1f, teacherWeight: 1);
        problem.Run(gradients: true);
        Assert.Equal(0.1 * (gap - Math.Log(2)), problem.TeacherLosses[0], 2e-7 * gap);
        TensorAssert.Close([0.1, -0.05, -0.05], problem.LogitGradient, 1e-6, 0);
    }

    [Fact]
    public void Gradient_vanishes_where_student_equals_teacher()
    {
        // q = 1/4 each: r = 1 − Q exactly, so that the factor on the other ids is exactly 0.
        using var problem = Problem.FromLogits([1, 1, 1, 1], label: -1, labelWeight: 0, [2, 0], [0.25f, 0.25f], rest: 0.5f, teacherWeight: 1);
        problem.Run(gradients: true);
        TensorAssert.Close([0, 0, 0, 0], problem.LogitGradient, 1e-7, 0);
    }

    [Fact]
    public void Rest_is_dropped_where_the_teacher_keeps_every_id()
    {
        using var problem = Problem.FromLogits([0, 1], label: 1, labelWeight: 1, [1, 0], [0.5f, 0.5f], rest: 1e-7f, teacherWeight: 1);
        problem.Run(gradients: true);
        Assert.Equal(Math.Log(1 + Math.E) - 0.5, problem.TeacherLosses[0], 1e-6);
        var q = Math.E / (1 + Math.E);
        TensorAssert.Close([(2 * (1 - q)) - 0.5, (2 * q) - 1.5], problem.LogitGradient, 1e-6, 0);
    }

    [Fact]
    public void Loss_of_a_nearly_certain_label_keeps_its_precision()
    {
        using var problem = Problem.FromLogits([25, 0, 0], label: 0, labelWeight: 1, [], [], rest: 0, teacherWeight: 0);
        problem.Run(gradients: true);
        // The step of a double at 25 is 4e-15, that of a float32 2e-6.
        Assert.Equal(2 * Math.Exp(-25), problem.LabelLosses[0], 1e-14);
    }

    [Fact]
    public void Not_a_number_is_reported_in_its_row_only()
    {
        using var problem = Problem.Create(KernelTiers.Best, 20, 8, 600, HeadOptions.Plain, hasTeacher: true);
        problem.Hidden.Row(11)[2] = float.NaN;
        problem.Labels[11] = 5;
        problem.Run(gradients: false);
        Assert.True(float.IsNaN(problem.LabelLosses[11]));
        Assert.All(problem.LabelLosses.Where((_, row) => row != 11), loss => Assert.True(float.IsFinite(loss)));
    }

    [Fact]
    public void Gradient_of_the_head_is_added_and_either_gradient_can_be_left_out()
    {
        using var problem = Problem.Create(KernelTiers.Best, 30, 8, 50, HeadOptions.Plain, hasTeacher: false);
        problem.Run(gradients: true);
        var once = problem.DWeight.AsSpan().ToArray();
        problem.DHidden.Fill(float.NaN);
        problem.Run(null, problem.DWeight);
        TensorAssert.Close([.. once.Select(x => 2.0 * x)], problem.DWeight.AsSpan(), 1e-6, 1e-6);
        Assert.True(float.IsNaN(problem.DHidden.AsSpan()[0]));
        problem.Run(problem.DHidden, null);
        problem.DWeight.Fill(0);
        problem.Run(null, problem.DWeight);
        problem.AssertEqualsReference();
    }

    [Fact]
    public void Rows_without_label_and_teacher_are_zero_whatever_their_values()
    {
        using var problem = Problem.Create(KernelTiers.Best, 5, 8, 50, HeadOptions.Plain, hasTeacher: false);
        problem.Labels[3] = -1;
        problem.Hidden.Row(3).Fill(float.NaN);
        problem.Run(gradients: true);
        Assert.Equal(0, problem.LabelLosses[3]);
        Assert.All(problem.DHidden.Row(3).ToArray(), value => Assert.Equal(0, value));
        Assert.All(problem.DWeight.AsSpan().ToArray(), value => Assert.True(float.IsFinite(value)));
    }

    [Fact]
    public void No_rows_give_no_gradient()
    {
        using var problem = Problem.Create(KernelTiers.Best, 0, 8, 50, HeadOptions.Plain, hasTeacher: false);
        problem.Run(gradients: true);
        Assert.All(problem.DWeight.AsSpan().ToArray(), value => Assert.Equal(0, value));
    }

    [Fact]
    public void Gives_its_memory_back()
    {
        using var problem = Problem.Create(KernelTiers.Best, 20, 8, 50, HeadOptions.Plain, hasTeacher: true);
        var used = problem.Device.Memory.UsedBytes;
        problem.Run(gradients: true);
        Assert.Equal(used, problem.Device.Memory.UsedBytes);
    }

    [Fact]
    public void Arguments_that_do_not_fit_are_named()
    {
        using var problem = Problem.Create(KernelTiers.Best, 4, 8, 50, HeadOptions.Plain, hasTeacher: true);
        problem.Labels[2] = 50;
        Assert.Contains("labels[2] is 50", Assert.Throws<ArgumentException>(() => problem.Run(gradients: true)).Message, StringComparison.Ordinal);
        problem.Labels[2] = -2;
        Assert.Throws<ArgumentException>(() => problem.Run(gradients: true));
        problem.Labels[2] = 0;
        problem.Teacher!.Ids[0] = -1;
        Assert.Contains("teacher.Ids[0]", Assert.Throws<ArgumentException>(() => problem.Run(gradients: true)).Message, StringComparison.Ordinal);
        problem.Teacher.Ids[0] = 1;
        problem.Teacher.Starts[1] = int.MaxValue;
        Assert.Contains("row 0", Assert.Throws<ArgumentException>(() => problem.Run(gradients: true)).Message, StringComparison.Ordinal);
        using var narrow = problem.Device.AllocateZeroed(new Shape(4, 7));
        Assert.Throws<ShapeMismatchException>(() => problem.Run(narrow, null));
    }

    /// <summary>Arrays behind a <see cref="SparseTargets"/>.</summary>
    private sealed record Teacher(int[] Starts, int[] Ids, float[] Probabilities, float[] Rest, float[] Weights)
    {
        internal SparseTargets Targets => new() { RowStarts = Starts, Ids = Ids, Probabilities = Probabilities, RestMass = Rest, Weights = Weights };

        // Nothing, one id, several, or all but one; some without rest, some without weight.
        internal static Teacher Random(int n, int v, RandomStream random)
        {
            var (starts, ids, probabilities) = (new List<int> { 0 }, new List<int>(), new List<float>());
            var (rest, weights) = (new float[n], new float[n]);
            for (var row = 0; row < n; row++)
            {
                var kept = Enumerable.Range(0, v).ToArray();
                random.Shuffle<int>(kept);
                var count = Math.Clamp((row % 5) switch { 0 => 0, 1 => 1, 2 => v - 1, _ => 10 }, 0, v);
                var masses = Enumerable.Range(0, count + 1).Select(_ => random.NextSingle()).ToArray();
                ids.AddRange(kept[..count]);
                probabilities.AddRange(masses[..count].Select(mass => mass / masses.Sum()));
                starts.Add(ids.Count);
                rest[row] = row % 3 == 0 || count == v ? 0 : masses[^1] / masses.Sum();
                weights[row] = row % 7 == 0 ? 0 : random.NextSingle();
            }

            return new Teacher([.. starts], [.. ids], [.. probabilities], rest, weights);
        }
    }

    private sealed class Problem : IDisposable
    {
        internal required CpuDevice Device { get; init; }

        internal required Tensor Hidden { get; init; }

        internal required Tensor Weight { get; init; }

        internal required HeadOptions Options { get; init; }

        internal required int[] Labels { get; init; }

        internal required float[] LabelWeights { get; init; }

        internal required Teacher? Teacher { get; init; }

        internal required Tensor DHidden { get; init; }

        internal required Tensor DWeight { get; init; }

        internal float[] LabelLosses { get; private init; } = [];

        internal float[] TeacherLosses { get; private init; } = [];

        /// <summary>With hidden size 1 and a hidden state of 1, the head's gradient is that of the logits.</summary>
        internal ReadOnlySpan<float> LogitGradient => DWeight.AsSpan();

        internal static Problem Create(KernelTier tier, int n, int h, int v, HeadOptions options, bool hasTeacher, int threads = 2, ProductPrecision precision = ProductPrecision.Float32)
        {
            var random = new RandomStream(1, $"{n} {h} {v}");
            var problem = Create(new CpuDevice(tier, threads, precision: precision), n, h, v, options, hasTeacher ? Teacher.Random(n, v, random) : null);
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

        internal static Problem FromLogits(
            float[] logits, int label, float labelWeight, int[] ids, float[] probabilities, float rest, float teacherWeight)
        {
            var teacher = new Teacher([0, ids.Length], ids, probabilities, [rest], [teacherWeight]);
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

        private static Problem Create(CpuDevice device, int n, int h, int v, HeadOptions options, Teacher? teacher) => new()
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
}
