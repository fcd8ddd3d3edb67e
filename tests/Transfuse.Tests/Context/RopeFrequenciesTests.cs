using Transfuse.Checkpoints;
using Transfuse.Context;

namespace Transfuse.Tests.Context;

/// <summary>Values computed from the papers' formulas in double precision.</summary>
public sealed class RopeFrequenciesTests
{
    private const double Relative = 4e-7;

    [Fact]
    public void Yarn_of_a_head_of_128()
    {
        var rope = new RopeParameters { Type = RopeParameters.YarnType, Factor = 16, OriginalMaxPositions = 4096 };
        var frequencies = RopeFrequencies.Create(rope, 128);
        AreClose(frequencies, (20, 0.05623413), (33, 0.00460043547), (46, 8.33450895e-5), (63, 7.2173874e-6));
        Assert.Equal(1.27725887, frequencies.AttentionFactor, 1e-6);

        frequencies = RopeFrequencies.Create(rope with { Theta = 1e6, OriginalMaxPositions = 32768, Factor = 4 }, 128);
        AreClose(frequencies, (31, 8.0295973e-4));
        Assert.Equal(1.13862944, frequencies.AttentionFactor, 1e-6);

        AreClose(RopeFrequencies.Create(rope with { OriginalMaxPositions = 2048, Factor = 4 }, 64), (14, 0.0116272115), (21, 5.9284343e-4));
    }

    [Fact]
    public void Llama_3()
    {
        var rope = new RopeParameters { Type = RopeParameters.Llama3Type, Theta = 5e5, Factor = 8, OriginalMaxPositions = 8192 };
        var frequencies = RopeFrequencies.Create(rope, 128);
        AreClose(
            frequencies, (28, 0.0032114460), (29, 0.0021665708), (30, 0.0013718936), (32, 5.2484616e-4), (34, 1.7850781e-4), (35, 9.5562124e-5));
        Assert.Equal(1, frequencies.AttentionFactor);
        AreClose(
            RopeFrequencies.Create(rope with { Factor = 32 }, 64),
            (14, 0.0032114460), (15, 0.0012905479), (16, 4.2955680e-4), (17, 9.7082878e-5), (18, 1.9461638e-5));
    }

    [Fact]
    public void Ntk_and_dynamic()
    {
        Assert.Equal(40889.94243, RopeFrequencies.NtkTheta(10000, 4, 128), 1e-4);
        AreClose(
            RopeFrequencies.Create(new RopeParameters { Theta = RopeFrequencies.NtkTheta(10000, 4, 128) }, 128),
            (1, 0.84711718515), (32, 0.00494528984), (63, 2.88695496e-5));

        var dynamic = new RopeParameters { Type = RopeParameters.DynamicType, Factor = 2, OriginalMaxPositions = 2048 };
        Assert.Equal(RopeFrequencies.Create(new RopeParameters(), 128).Inverse, RopeFrequencies.Create(dynamic, 128, 2048).Inverse);
        foreach (var (length, theta) in ((int, double)[])[(4096, 30527.73675), (8192, 72195.86009)])
        {
            AreClose(RopeFrequencies.Create(dynamic, 128, length), (1, Math.Pow(theta, -2.0 / 128)), (63, Math.Pow(theta, -126.0 / 128)));
        }
    }

    [Fact]
    public void LongRope_takes_the_list_of_the_inputs_length()
    {
        double[] small = [1, 1.5], large = [2, 10];
        var rope = new RopeParameters
        {
            Type = RopeParameters.LongRopeType,
            Factor = 32,
            OriginalMaxPositions = 4096,
            ShortFactors = small,
            LongFactors = large,
        };
        AreClose(RopeFrequencies.Create(rope, 4, 4096), (0, 1), (1, 0.01 / 1.5));
        AreClose(RopeFrequencies.Create(rope, 4, 4097), (0, 0.5), (1, 0.001));
        Assert.Equal(1.19023807, RopeFrequencies.Create(rope, 4, 1).AttentionFactor, 1e-6);
        Assert.Equal(1.5, RopeFrequencies.Create(rope with { AttentionFactor = 1.5 }, 4).AttentionFactor, 1e-6);
        Assert.Contains("long_factor", Assert.Throws<ArgumentException>(() => RopeFrequencies.Create(rope with { LongFactors = [1] }, 4)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Yarns_options()
    {
        var rope = new RopeParameters { Type = RopeParameters.YarnType, Factor = 4, OriginalMaxPositions = 32 };
        Assert.Equal(0.7, RopeFrequencies.Create(rope with { AttentionFactor = 0.7 }, 8).AttentionFactor, 1e-6);
        var scales = rope with { MScale = 0.9, MScaleAllDimensions = 0.5 };
        Assert.Equal(((0.09 * Math.Log(4)) + 1) / ((0.05 * Math.Log(4)) + 1), RopeFrequencies.Create(scales, 8).AttentionFactor, 1e-6);
        Assert.Equal(1, RopeFrequencies.Create(rope with { Factor = 0.5 }, 8).AttentionFactor);
    }

    private static void AreClose(RopeFrequencies frequencies, params (int Index, double Expected)[] values)
    {
        foreach (var (index, expected) in values)
        {
            Assert.Equal(expected, frequencies.Inverse[index], expected * (Relative + 1e-8) * 2);
        }
    }
}
