using Transfuse.Tensors.Devices;
using Transfuse.Tensors.Simd;

namespace Transfuse.Tensors.Tests.Simd;

public sealed unsafe class VectorMathTests
{
    // Every 997th float32 of either sign from 1e-6 to 128.
    private static readonly float[] s_arguments = Arguments();

    public static TheoryData<KernelTier> Tiers => KernelCase.Tiers;

    [Theory]
    [MemberData(nameof(Tiers))]
    public void Exp_is_within_its_stated_error(KernelTier tier) =>
        Compare<ExpFunction>(tier, Math.Exp, x => x is > -87.3f and < 88, 2e-7);

    [Theory]
    [MemberData(nameof(Tiers))]
    public void Exp_of_a_softmax_is_within_its_stated_error(KernelTier tier)
    {
        var x = s_arguments.Where(value => value is > -87.3f and < 1).ToArray();
        var y = Map<SoftmaxExpFunction>(tier, x);
        for (var i = 0; i < x.Length; i++)
        {
            var expected = Math.Exp(x[i]);
            var error = Math.Abs(y[i] - expected);
            Assert.True(error <= (expected * (3e-7 + (1e-7 * Math.Abs(x[i])))) + 2e-38, $"e^{x[i]:R}: {y[i]:R}, relative error {error / expected:E2}");
            Assert.True(x[i] > 0 || error <= 3e-7, $"e^{x[i]:R}: {y[i]:R}, error {error:E2}");
        }

        Assert.Equal([0, 0, 0, 1, float.NaN], Map<SoftmaxExpFunction>(tier, [float.NegativeInfinity, -1e30f, -88, 0, float.NaN]));
    }

    [Theory]
    [MemberData(nameof(Tiers))]
    public void Sigmoid_is_within_its_stated_error(KernelTier tier) =>
        Compare<SigmoidFunction>(tier, x => 1 / (1 + Math.Exp(-x)), x => x > -87.3f, 3e-7);

    [Theory]
    [MemberData(nameof(Tiers))]
    public void Tanh_is_within_its_stated_error(KernelTier tier) => Compare<TanhFunction>(tier, Math.Tanh, _ => true, 2e-7);

    [Theory]
    [MemberData(nameof(Tiers))]
    public void Normal_distribution_is_within_its_stated_error(KernelTier tier)
    {
        Compare<CdfFunction>(tier, ActivationReference.Cdf, x => x > -13, 4e-7);
        Compare<DensityFunction>(tier, ActivationReference.Density, x => Math.Abs(x) < 13, 3e-7);
    }

    [Theory]
    [MemberData(nameof(Tiers))]
    public void Extremes_go_to_their_limits_and_NaN_stays(KernelTier tier)
    {
        float[] x = [float.NegativeInfinity, -1e30f, -200, 200, 1e30f, float.PositiveInfinity, float.NaN];
        Assert.Equal([0, 0, 0, 1, 1, 1, float.NaN], Map<SigmoidFunction>(tier, x));
        Assert.Equal([-1, -1, -1, 1, 1, 1, float.NaN], Map<TanhFunction>(tier, x));
        Assert.Equal([0, 0, 0], Map<CdfFunction>(tier, x)[1..4].Select(value => value < 1 ? value : 0));
        Assert.Equal([1, 1, float.NaN], Map<CdfFunction>(tier, x)[3..].Where((_, i) => i is 0 or 1 or 3));
        Assert.Equal([0, 0, 0, 0], Map<DensityFunction>(tier, x)[1..5]);
        Assert.Equal(float.NaN, Map<ExpFunction>(tier, x)[6]);
        Assert.Equal(0, Map<ExpFunction>(tier, x)[0]);
    }

    private static void Compare<TFunction>(KernelTier tier, Func<double, double> reference, Func<float, bool> range, double tolerance)
        where TFunction : struct, IFunction
    {
        var x = s_arguments.Where(range).ToArray();
        var y = Map<TFunction>(tier, x);
        for (var i = 0; i < x.Length; i++)
        {
            // Results below the normal numbers have fewer bits.
            var expected = reference(x[i]);
            var allowed = (tolerance * Math.Abs(expected)) + 2e-38;
            Assert.True(Math.Abs(y[i] - expected) <= allowed, $"f({x[i]:R}): expected {expected:R}, got {y[i]:R}, relative {(y[i] - expected) / expected:E2}");
        }
    }

    private static float[] Map<TFunction>(KernelTier tier, float[] x)
        where TFunction : struct, IFunction => tier switch
        {
            KernelTier.Scalar => Map<TFunction, SimdScalar>(x),
            KernelTier.Vector128 => Map<TFunction, Simd128>(x),
            KernelTier.Vector256 => Map<TFunction, Simd256>(x),
            _ => Map<TFunction, Simd512>(x),
        };

    private static float[] Map<TFunction, TVector>(float[] x)
        where TFunction : struct, IFunction
        where TVector : unmanaged, IVector<TVector>
    {
        var y = new float[x.Length];
        fixed (float* source = x, destination = y)
        {
            var i = 0;
            for (; i <= x.Length - TVector.Count; i += TVector.Count)
            {
                TVector.Store(TFunction.Apply(TVector.Load(source + i)), destination + i);
            }

            if (i < x.Length)
            {
                TVector.StorePartial(TFunction.Apply(TVector.LoadPartial(source + i, x.Length - i, 0)), destination + i, x.Length - i);
            }
        }

        return y;
    }

    private static float[] Arguments()
    {
        var arguments = new List<float> { 0, -0f };
        for (var bits = BitConverter.SingleToInt32Bits(1e-6f); bits < BitConverter.SingleToInt32Bits(128f); bits += 997)
        {
            arguments.Add(BitConverter.Int32BitsToSingle(bits));
            arguments.Add(-BitConverter.Int32BitsToSingle(bits));
        }

        return [.. arguments];
    }

    private interface IFunction
    {
        static abstract T Apply<T>(T x)
            where T : unmanaged, IVector<T>;
    }

    private struct ExpFunction : IFunction
    {
        public static T Apply<T>(T x)
            where T : unmanaged, IVector<T> => VectorMath.Exp(x);
    }

    private struct SoftmaxExpFunction : IFunction
    {
        public static T Apply<T>(T x)
            where T : unmanaged, IVector<T> => VectorMath.SoftmaxExp(x);
    }

    private struct SigmoidFunction : IFunction
    {
        public static T Apply<T>(T x)
            where T : unmanaged, IVector<T> => VectorMath.Sigmoid(x);
    }

    private struct TanhFunction : IFunction
    {
        public static T Apply<T>(T x)
            where T : unmanaged, IVector<T> => VectorMath.Tanh(x);
    }

    private struct CdfFunction : IFunction
    {
        public static T Apply<T>(T x)
            where T : unmanaged, IVector<T> => VectorMath.NormalCdf(x, out _);
    }

    private struct DensityFunction : IFunction
    {
        public static T Apply<T>(T x)
            where T : unmanaged, IVector<T>
        {
            _ = VectorMath.NormalCdf(x, out var density);
            return density;
        }
    }
}
