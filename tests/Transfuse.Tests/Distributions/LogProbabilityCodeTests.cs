using Transfuse.Distributions;
using Transfuse.Tensors.Random;

namespace Transfuse.Tests.Distributions;

public sealed class LogProbabilityCodeTests
{
    [Theory]
    [InlineData(new float[] { 0 })]
    [InlineData(new float[] { -1e-7f })]
    [InlineData(new float[] { -0.0004f, -8, -9.5f })]
    [InlineData(new float[] { -0.69314718f, -0.69314718f })]
    [InlineData(new float[] { -1.38629436f, -1.38629436f, -1.38629436f, -1.38629436f })]
    [InlineData(new float[] { -0.6920f, -0.6945f })]
    [InlineData(new float[] { -2, -30, -99, -101, float.NegativeInfinity })]
    [InlineData(new float[] { -150 })]
    [InlineData(new float[] { 5e-5f, -20 })]
    public void Bounds_hold_at_the_edges(float[] values) => Check(values);

    [Fact]
    public void Bounds_hold_for_whole_distributions_of_any_sharpness()
    {
        var random = new RandomStream(1, "code");
        for (var round = 0; round < 5000; round++)
        {
            var size = 1 + random.NextInt32(12);
            var sharpness = 12 * random.NextDouble();
            var logits = Enumerable.Range(0, size).Select(_ => sharpness * random.NextNormal()).OrderDescending().ToArray();
            var logSum = logits[0] + Math.Log(logits.Sum(logit => Math.Exp(logit - logits[0])));
            Check(logits.Select(logit => (float)(logit - logSum)).ToArray());
        }
    }

    [Fact]
    public void The_rest_of_a_confident_position_keeps_its_size()
    {
        // Rest masses of 1 % down to 1e-5 in a position with one clear winner: relative error below 3 %.
        foreach (var rest in new[] { 1e-2, 1e-3, 1e-4, 1e-5 })
        {
            var values = new[] { (float)Math.Log(1 - (2 * rest)), (float)Math.Log(rest) };
            var decoded = RoundTrip(values);
            Assert.InRange((1 - decoded.Sum(value => Math.Exp(value))) / rest, 0.97, 1.03);
        }
    }

    [Theory]
    [InlineData(new float[] { float.NaN })]
    [InlineData(new float[] { -1, float.NaN })]
    [InlineData(new float[] { 0.01f })]
    [InlineData(new float[] { -2, -1 })]
    [InlineData(new float[] { -0.1f, -0.1f })]
    public void What_is_no_distribution_is_refused(float[] values) => Assert.Throws<ArgumentException>(() => RoundTrip(values));

    private static void Check(float[] values)
    {
        var decoded = RoundTrip(values);
        Assert.InRange(decoded.Sum(value => Math.Exp(value)), 0, 1);
        for (var i = 0; i < values.Length; i++)
        {
            var exact = Math.Clamp(values[i], -100, 0);
            var bound = (i == 0 ? Math.Max(1.0 / 256, -exact / 1024) : 1.0 / 256) + 1e-6;
            Assert.True(Math.Abs(decoded[i] - exact) <= bound, $"value {i}: {exact} became {decoded[i]}");
            Assert.True(i == 0 || decoded[i] <= decoded[i - 1]);
        }
    }

    private static float[] RoundTrip(float[] values)
    {
        var steps = new uint[values.Length];
        var decoded = new float[values.Length];
        LogProbabilityCode.Decode(LogProbabilityCode.Encode(values, steps), steps, decoded);
        return decoded;
    }
}
