using Transfuse.Tensors.Autograd;
using Transfuse.Tensors.Devices;
using Transfuse.Tensors.Devices.Cpu;
using Transfuse.Tensors.Devices.Cpu.Optimizer;
using Transfuse.Tensors.Optimizers;

namespace Transfuse.Tensors.Tests.Optimizers;

/// <summary>AdamW with moments in fewer bits, against AdamW in double precision.</summary>
public sealed class PackedAdamWTests
{
    public static TheoryData<KernelTier, OptimizerStates, int> Cases()
    {
        var cases = new TheoryData<KernelTier, OptimizerStates, int>();
        foreach (var tier in KernelTiers.Available)
        {
            foreach (var length in (int[])[1, 255, 256, 257, 1000, 20_011])
            {
                cases.Add(tier, OptimizerStates.Bfloat16, length);
                cases.Add(tier, OptimizerStates.Int8, length);
            }
        }

        return cases;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Steps_stay_near_those_in_double_precision(KernelTier tier, OptimizerStates states, int length)
    {
        const int steps = 20;
        const double rate = 0.01;
        using var device = new CpuDevice(tier, threads: 2);
        var start = KernelCase.Normal(length, "start");
        using var parameter = new Parameter("w", device.ToTensor(start));
        parameter.ZeroGradient(device);
        var options = new AdamWOptions { States = states };
        using var optimizer = new AdamWOptimizer(device, [parameter], options);
        var (w, m, v) = (Array.ConvertAll(start, value => (double)value), new double[length], new double[length]);
        for (var step = 1; step <= steps; step++)
        {
            var gradient = KernelCase.Normal(length, $"gradient {step}");
            gradient.CopyTo(parameter.Gradient!.AsSpan());
            optimizer.Step(rate);
            Reference(w, m, v, gradient, step, rate, options);
        }

        // A parameter moves by up to the rate a step, and its rounded moments are some per cent off: most errors cancel.
        var squares = 0.0;
        for (var i = 0; i < length; i++)
        {
            var error = parameter.Value.AsSpan()[i] - w[i];
            Assert.True(Math.Abs(error) < 0.15 * rate * steps, $"element {i} is off by {error}");
            squares += error * error;
        }

        Assert.True(Math.Sqrt(squares / length) < 0.05 * rate * steps, $"root mean square error {Math.Sqrt(squares / length)}");
    }

    [Theory]
    [InlineData(OptimizerStates.Bfloat16)]
    [InlineData(OptimizerStates.Int8)]
    public void Threads_do_not_change_bits_and_a_continued_run_takes_the_same_steps(OptimizerStates states)
    {
        var (one, _) = Steps(states, threads: 1, continued: false);
        var (three, _) = Steps(states, threads: 3, continued: false);
        var (resumed, words) = Steps(states, threads: 2, continued: true);
        Assert.Equal(one, three);
        Assert.Equal(one, resumed);
        Assert.Equal(PackedMoments.Words(states, 33_000), words);
        Assert.True(words * sizeof(float) <= (states == OptimizerStates.Int8 ? 1.02 : 2) * 33_000 + 256);
    }

    [Fact]
    public void Random_rounding_is_right_on_average()
    {
        // With β₁ so that m falls by a thousandth of itself: to the nearest it would never move.
        const int length = 40_000;
        using var device = new CpuDevice(threads: 2);
        using var parameter = new Parameter("w", device.ToTensor(new float[length]));
        parameter.ZeroGradient(device);
        var options = new AdamWOptions { States = OptimizerStates.Bfloat16, Beta1 = 0.999f, WeightDecay = 0 };
        using var optimizer = new AdamWOptimizer(device, [parameter], options);
        parameter.Gradient!.Fill(1000);
        optimizer.Step(0);
        parameter.Gradient.Fill(0);
        for (var step = 0; step < 100; step++)
        {
            optimizer.Step(0);
        }

        var sum = 0.0;
        foreach (var word in optimizer.Moments[0].First.AsSpan())
        {
            var bits = BitConverter.SingleToUInt32Bits(word);
            sum += BFloat16.FromBits((ushort)bits).ToSingle() + BFloat16.FromBits((ushort)(bits >> 16)).ToSingle();
        }

        Assert.Equal(Math.Pow(0.999, 100), sum / length, 2e-3);
    }

    [Fact]
    public void Codes_are_256_ascending_numbers_of_which_the_nearest_is_taken()
    {
        foreach (var codes in (DynamicCodes[])[DynamicCodes.Signed, DynamicCodes.Unsigned])
        {
            var values = Enumerable.Range(0, 256).Select(code => codes.Decode((byte)code)).ToArray();
            Assert.Equal(values.Order().Distinct(), values);
            Assert.Equal(1, values[^1]);
            Assert.Contains(0f, values);
            foreach (var x in KernelCase.Normal(2000, "codes"))
            {
                var value = Math.Clamp(x, values[0], 1);
                var nearest = values.Min(candidate => Math.Abs(candidate - value));
                Assert.Equal(nearest, Math.Abs(codes.Decode(codes.Encode(value)) - value), 1e-7f);
            }
        }

        Assert.Equal(0, DynamicCodes.Signed.Decode(DynamicCodes.Signed.Encode(0)));
        Assert.True(DynamicCodes.Unsigned.Decode(DynamicCodes.Unsigned.EncodeAbove(1e-30f)) > 0);
        Assert.Equal(0, DynamicCodes.Unsigned.Decode(DynamicCodes.Unsigned.EncodeAbove(0)));
    }

    private static (float[] Values, int Words) Steps(OptimizerStates states, int threads, bool continued)
    {
        const int length = 33_000;
        using var device = new CpuDevice(threads: threads);
        using var parameter = new Parameter("w", device.ToTensor(KernelCase.Normal(length, "start")));
        parameter.ZeroGradient(device);
        KernelCase.Normal(length, "gradient").CopyTo(parameter.Gradient!.AsSpan());
        var options = new AdamWOptions { States = states };
        using var optimizer = new AdamWOptimizer(device, [parameter], options);
        optimizer.Step(0.01);
        optimizer.Step(0.01);
        using var second = new AdamWOptimizer(device, [parameter], options) { StepCount = optimizer.StepCount };
        second.Moments[0].First.CopyFrom(optimizer.Moments[0].First);
        second.Moments[0].Second.CopyFrom(optimizer.Moments[0].Second);
        (continued ? second : optimizer).Step(0.01);
        return (parameter.Value.AsSpan().ToArray(), (int)optimizer.Moments[0].First.Length);
    }

    private static void Reference(double[] w, double[] m, double[] v, float[] gradient, int step, double rate, AdamWOptions options)
    {
        for (var i = 0; i < w.Length; i++)
        {
            m[i] = (options.Beta1 * m[i]) + ((1 - options.Beta1) * gradient[i]);
            v[i] = (options.Beta2 * v[i]) + ((1 - options.Beta2) * gradient[i] * gradient[i]);
            var (mean, variance) = (m[i] / (1 - Math.Pow(options.Beta1, step)), v[i] / (1 - Math.Pow(options.Beta2, step)));
            w[i] = (w[i] * (1 - (rate * options.WeightDecay))) - (rate * mean / (Math.Sqrt(variance) + options.Epsilon));
        }
    }
}
