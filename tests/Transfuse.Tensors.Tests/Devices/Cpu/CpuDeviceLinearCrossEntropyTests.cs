using Transfuse.Tensors.Devices;
using Transfuse.Tensors.Errors;
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
            using var problem = CrossEntropyProblem.Create(tier, n, h, v, new HeadOptions(scale, cap), hasTeacher);
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
            using var problem = CrossEntropyProblem.Create(KernelTiers.Best, n, h, v, new HeadOptions(scale, cap), hasTeacher, precision: ProductPrecision.BFloat16);
            problem.Run(gradients: true);
            problem.AssertNear(lossTolerance: 0.12, gradientTolerance: 0.012);
        }
    }

    [Fact]
    public void A_deep_head_equals_the_reference()
    {
        using var problem = CrossEntropyProblem.Create(KernelTiers.Best, 20, 2600, 300, new HeadOptions(0.02f, 0), hasTeacher: true);
        problem.Run(gradients: true);
        problem.AssertEqualsReference();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(5)]
    public void Losses_have_the_same_bits_with_and_without_gradients(float cap)
    {
        using var problem = CrossEntropyProblem.Create(KernelTiers.Best, 50, 20, 1999, new HeadOptions(1, cap), hasTeacher: true);
        problem.Run(gradients: true);
        float[] labels = [.. problem.LabelLosses], teacher = [.. problem.TeacherLosses];
        problem.Run(gradients: false);
        Assert.Equal(labels, problem.LabelLosses);
        Assert.Equal(teacher, problem.TeacherLosses);
    }

    [Fact]
    public void Several_chunks_equal_the_reference()
    {
        using var problem = CrossEntropyProblem.Create(KernelTiers.Best, 2300, 6, 90, HeadOptions.Plain, hasTeacher: true);
        problem.Run(gradients: true);
        problem.AssertEqualsReference();
    }

    [Fact]
    public void Same_bits_for_any_number_of_threads_and_with_or_without_gradients()
    {
        using var one = CrossEntropyProblem.Create(KernelTiers.Best, 300, 20, 700, HeadOptions.Plain, hasTeacher: true, threads: 1);
        one.Run(gradients: true);
        foreach (var threads in (int[])[2, 4])
        {
            using var many = CrossEntropyProblem.Create(KernelTiers.Best, 300, 20, 700, HeadOptions.Plain, hasTeacher: true, threads);
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
        using var problem = CrossEntropyProblem.FromLogits([2, 1, 0, -1], label: 0, labelWeight: 0.9f, ids, probabilities, rest: 0, teacherWeight: 0.1f);
        problem.Run(gradients: true);
        Assert.Equal(0.440190, problem.LabelLosses[0], 5e-7);
        Assert.Equal(loss, (0.9 * problem.LabelLosses[0]) + (0.1 * problem.TeacherLosses[0]), 1e-6);
    }

    // K = {0: 0.6, 1: 0.3}, r = 0.1; the gradient was checked against finite differences.
    [Fact]
    public void Rest_bucket_equals_the_worked_example()
    {
        using var problem = CrossEntropyProblem.FromLogits([2, 1, 0, -1], label: -1, labelWeight: 1, [0, 1], [0.6f, 0.3f], rest: 0.1f, teacherWeight: 1);
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
        using var problem = CrossEntropyProblem.FromLogits([gap, 0, 0], label: -1, labelWeight: 0, [0], [0.9f], rest: 0.1f, teacherWeight: 1);
        problem.Run(gradients: true);
        Assert.Equal(0.1 * (gap - Math.Log(2)), problem.TeacherLosses[0], 2e-7 * gap);
        TensorAssert.Close([0.1, -0.05, -0.05], problem.LogitGradient, 1e-6, 0);
    }

    [Fact]
    public void Gradient_vanishes_where_student_equals_teacher()
    {
        // q = 1/4 each: r = 1 − Q exactly, so that the factor on the other ids is exactly 0.
        using var problem = CrossEntropyProblem.FromLogits([1, 1, 1, 1], label: -1, labelWeight: 0, [2, 0], [0.25f, 0.25f], rest: 0.5f, teacherWeight: 1);
        problem.Run(gradients: true);
        TensorAssert.Close([0, 0, 0, 0], problem.LogitGradient, 1e-7, 0);
    }

    [Fact]
    public void Rest_is_dropped_where_the_teacher_keeps_every_id()
    {
        using var problem = CrossEntropyProblem.FromLogits([0, 1], label: 1, labelWeight: 1, [1, 0], [0.5f, 0.5f], rest: 1e-7f, teacherWeight: 1);
        problem.Run(gradients: true);
        Assert.Equal(Math.Log(1 + Math.E) - 0.5, problem.TeacherLosses[0], 1e-6);
        var q = Math.E / (1 + Math.E);
        TensorAssert.Close([(2 * (1 - q)) - 0.5, (2 * q) - 1.5], problem.LogitGradient, 1e-6, 0);
    }

    [Fact]
    public void Loss_of_a_nearly_certain_label_keeps_its_precision()
    {
        using var problem = CrossEntropyProblem.FromLogits([25, 0, 0], label: 0, labelWeight: 1, [], [], rest: 0, teacherWeight: 0);
        problem.Run(gradients: true);
        // The step of a double at 25 is 4e-15, that of a float32 2e-6.
        Assert.Equal(2 * Math.Exp(-25), problem.LabelLosses[0], 1e-14);
    }

    [Fact]
    public void Not_a_number_is_reported_in_its_row_only()
    {
        using var problem = CrossEntropyProblem.Create(KernelTiers.Best, 20, 8, 600, HeadOptions.Plain, hasTeacher: true);
        problem.Hidden.Row(11)[2] = float.NaN;
        problem.Labels[11] = 5;
        problem.Run(gradients: false);
        Assert.True(float.IsNaN(problem.LabelLosses[11]));
        Assert.All(problem.LabelLosses.Where((_, row) => row != 11), loss => Assert.True(float.IsFinite(loss)));
    }

    [Fact]
    public void Gradient_of_the_head_is_added_and_either_gradient_can_be_left_out()
    {
        using var problem = CrossEntropyProblem.Create(KernelTiers.Best, 30, 8, 50, HeadOptions.Plain, hasTeacher: false);
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
        using var problem = CrossEntropyProblem.Create(KernelTiers.Best, 5, 8, 50, HeadOptions.Plain, hasTeacher: false);
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
        using var problem = CrossEntropyProblem.Create(KernelTiers.Best, 0, 8, 50, HeadOptions.Plain, hasTeacher: false);
        problem.Run(gradients: true);
        Assert.All(problem.DWeight.AsSpan().ToArray(), value => Assert.Equal(0, value));
    }

    [Fact]
    public void Gives_its_memory_back()
    {
        using var problem = CrossEntropyProblem.Create(KernelTiers.Best, 20, 8, 50, HeadOptions.Plain, hasTeacher: true);
        var used = problem.Device.Memory.UsedBytes;
        problem.Run(gradients: true);
        Assert.Equal(used, problem.Device.Memory.UsedBytes);
    }

    [Fact]
    public void Arguments_that_do_not_fit_are_named()
    {
        using var problem = CrossEntropyProblem.Create(KernelTiers.Best, 4, 8, 50, HeadOptions.Plain, hasTeacher: true);
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
}
