using Transfuse.Errors;
using Transfuse.Fusion;

namespace Transfuse.Tests.Fusion;

public sealed class FusionFunctionTests
{
    private static readonly double[] CrossEntropies = [1.5, 1.4, 2.0];

    [Fact]
    public void MinCE_takes_the_least() => Assert.Equal([0, 1, 0], Weigh(new MinCrossEntropy()));

    [Fact]
    public void A_silent_source_cannot_win()
    {
        Assert.Equal([1, 0, 0], Weigh(new MinCrossEntropy(), true, false, true));
        Assert.Equal([0, 0, 1], Weigh(new MinCrossEntropy(), false, false, true));
        foreach (IFusionFunction function in new IFusionFunction[] { new AverageCrossEntropy(), new TemperedAverage(.5), new RewardShareAverage() })
        {
            var weights = Weigh(function, true, false, true);
            Assert.Equal(0, weights[1]);
            Assert.Equal(1, weights.Sum(), 1e-12);
        }
    }

    [Fact]
    public void Ties_go_to_the_first_or_on_demand_to_the_last()
    {
        double[] equal = [2, 2, 2];
        Assert.Equal([1, 0, 0], Weigh(new MinCrossEntropy(), equal));
        Assert.Equal([0, 0, 1], Weigh(new MinCrossEntropy { LastWinsTies = true }, equal));
        Assert.Equal([1, 0], Weigh(new MinCrossEntropy { RoundToBFloat16 = true }, [3.125, 3.12]));
        Assert.Equal([0, 1], Weigh(new MinCrossEntropy(), [3.125, 3.12]));
    }

    [Fact]
    public void AvgCE_of_the_original_is_the_softmax_of_the_rewards()
    {
        Close([.340172, .348249, .311580], Weigh(new AverageCrossEntropy()));
        Close([.342008, .333719, .324272], Weigh(new AverageCrossEntropy(), [2.0, 2.2, 2.5]), 2e-6);
    }

    [Fact]
    public void A_tempered_average_lies_between_MinCE_and_the_mean()
    {
        var sharp = Weigh(new TemperedAverage(1e-3));
        Close([0, 1, 0], sharp);
        Close([1 / 3.0, 1 / 3.0, 1 / 3.0], Weigh(new TemperedAverage(1e6)), 1e-6);
        var rewards = CrossEntropies.Select(ce => Math.Exp(-ce)).ToArray();
        Close([.. rewards.Select(reward => reward / rewards.Sum())], Weigh(new RewardShareAverage()), 1e-12);
        Assert.Throws<TransfuseException>(() => new TemperedAverage(0));
        Assert.Throws<TransfuseException>(() => new TemperedAverage(double.NaN));
    }

    [Fact]
    public void Label_weights_decay_or_follow_the_rewards()
    {
        Assert.Equal([.9, .93, 1], new[] { 0, 30, 100 }.Select(step => Math.Round(LabelWeight.Decayed(.9, step, 100), 12)));
        Assert.Equal(1 - Math.Exp(-1.4), LabelWeight.FromRewards(CrossEntropies, average: false), 1e-12);
        Assert.Equal(1 - CrossEntropies.Average(ce => Math.Exp(-ce)), LabelWeight.FromRewards(CrossEntropies, average: true), 1e-12);
    }

    private static double[] Weigh(IFusionFunction function, params bool[] speaks) =>
        Weigh(function, CrossEntropies, speaks.Length == 0 ? [true, true, true] : speaks);

    private static double[] Weigh(IFusionFunction function, double[] crossEntropies) =>
        Weigh(function, crossEntropies, [.. crossEntropies.Select(_ => true)]);

    private static double[] Weigh(IFusionFunction function, double[] crossEntropies, bool[] speaks)
    {
        var weights = new double[crossEntropies.Length];
        function.Weigh(new FusionPosition(0, [], speaks, crossEntropies), weights);
        return weights;
    }

    private static void Close(double[] expected, double[] actual, double tolerance = 1e-6)
    {
        Assert.Equal(expected.Length, actual.Length);
        Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, tolerance));
    }
}
