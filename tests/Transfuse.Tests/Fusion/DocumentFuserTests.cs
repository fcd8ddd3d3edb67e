using Transfuse.Alignment;
using Transfuse.Errors;
using Transfuse.Fusion;
using Transfuse.Tensors.Random;
using Transfuse.Tests.Alignment;

namespace Transfuse.Tests.Fusion;

public sealed class DocumentFuserTests
{
    public static TheoryData<string> Functions => ["min", "average", "tempered", "share"];

    [Theory]
    [MemberData(nameof(Functions))]
    public void Mass_is_conserved_and_silent_sources_have_no_part(string name)
    {
        IFusionFunction function = name switch
        {
            "min" => new MinCrossEntropy(),
            "average" => new AverageCrossEntropy(),
            "tempered" => new TemperedAverage(.3),
            _ => new RewardShareAverage(),
        };
        var random = new RandomStream(21, "fuser");
        var target = AlignmentFixtures.RandomTokenizer(random, 60);
        var tokenizers = Enumerable.Range(0, 3).Select(i => AlignmentFixtures.RandomTokenizer(random, 40 + (20 * i))).ToArray();
        var aligners = tokenizers.Select(source => new DocumentAligner(new AlignmentOptions(), new BoundaryAligner(), PrefixMap.Build(source, target))).ToArray();
        var fuser = new DocumentFuser(function, new CrossEntropyOptions { WindowBytes = 20 }, target.VocabularySize);
        var total = new FusionStatistics();
        for (var trial = 0; trial < 10; trial++)
        {
            var text = AlignmentFixtures.RandomText(random, 40);
            var tokens = TokenSequence.From(target.Encode(text));
            var sources = tokenizers.Zip(aligners, (tokenizer, aligner) =>
            {
                var document = AlignmentFixtures.RandomDistributions(random, TokenSequence.From(tokenizer.Encode(text)), tokenizer.VocabularySize, 8);
                return FusionSource.From(document, aligner.Align(document, tokens));
            }).ToArray();
            var fused = fuser.Fuse(sources, tokens);
            CheckMass(fused.Targets, sources);
            total = total.Add(fused.Statistics);
        }

        Assert.Equal(1, Enumerable.Range(0, 3).Sum(total.WinRate), 1e-9);
        Assert.InRange(total.FusedShare, .3, 1);
        Assert.All(total.Sources, source => Assert.True(source.Spoken > 0 && source.MeanCrossEntropy > 0 && source.Alignment.Positions == total.Positions));
    }

    [Fact]
    public void The_numeric_check_of_the_loss_holds()
    {
        // Four tokens; base {0: .7, 1: .3}, then {1: 1} and {0: .5, 2: .5}, with cross entropies 1.5, 1.4 and 2.
        AlignedDocument[] documents = [Row((0, .7f), (1, .3f)), Row((1, 1f)), Row((0, .5f), (2, .5f))];
        double[] crossEntropies = [1.5, 1.4, 2.0];
        var minimum = new DocumentFuser(new MinCrossEntropy(), new(), 4).Fuse(documents, crossEntropies).Targets;
        Assert.Equal([1], minimum.Ids);
        Assert.Equal([1f], minimum.Probabilities);

        var average = new DocumentFuser(new AverageCrossEntropy(), new(), 4).Fuse(documents, crossEntropies).Targets;
        Assert.Equal([0, 1, 2], average.Ids);
        Assert.All(average.Probabilities.Zip([.393910, .450300, .155790]), pair => Assert.Equal(pair.Second, pair.First, 1e-6));
        Assert.Equal(.540190, Loss(minimum), 1e-6);
        Assert.Equal(.516378, Loss(average), 1e-6);
    }

    [Fact]
    public void The_winner_changes_where_another_source_is_better()
    {
        // Source 0 is good in the first half, source 1 in the second.
        var ends = Enumerable.Range(1, 40).Select(i => 10 * i).ToArray();
        var tokens = new TokenSequence(new int[40], ends);
        FusionSource Source(int id, bool firstHalf) => new(
            Rows(40, id), ends, [.. Enumerable.Range(0, 40).Select(i => i < 20 == firstHalf ? -1f : -3f)]);
        var fused = new DocumentFuser(new MinCrossEntropy(), new CrossEntropyOptions(), 4).Fuse([Source(0, true), Source(1, false)], tokens);
        Assert.All(Enumerable.Range(0, 15), i => Assert.Equal(0, fused.Targets.IdsAt(i)[0]));
        Assert.All(Enumerable.Range(25, 15), i => Assert.Equal(1, fused.Targets.IdsAt(i)[0]));
        Assert.InRange(fused.Statistics.WinRate(0), .4, .6);
    }

    [Fact]
    public void A_position_without_any_source_has_weight_zero()
    {
        var silent = new AlignedDocument([0, 0], [], [], [1], [PositionOrigin.None], default);
        var fused = new DocumentFuser(new MinCrossEntropy(), new(), 4).Fuse([silent, silent], [1, 2]);
        Assert.Equal([0f], fused.Targets.Weights);
        Assert.Equal([0f], fused.Targets.RestMass);
        Assert.Equal((1, 0), (fused.Statistics.Positions, fused.Statistics.Fused));
    }

    [Fact]
    public void Mistakes_of_a_function_and_of_the_caller_are_errors()
    {
        AlignedDocument[] documents = [Row((0, 1f)), Row((1, 1f))];
        Assert.Throws<TransfuseException>(() => new DocumentFuser(new Wrong(2), new(), 4).Fuse(documents, [1, 2]));
        Assert.Throws<TransfuseException>(() => new DocumentFuser(new Wrong(double.NaN), new(), 4).Fuse(documents, [1, 2]));
        Assert.Throws<TransfuseException>(() => new DocumentFuser(new MinCrossEntropy(), new(), 4).Fuse([documents[0], Rows(3, 1)], [1, 2]));
    }

    private static void CheckMass(FusedTargets targets, FusionSource[] sources)
    {
        for (var i = 0; i < targets.Count; i++)
        {
            var speaks = sources.Any(source => source.Targets.Speaks(i));
            Assert.Equal(speaks ? 1 : 0, targets.Weights[i]);
            var sum = targets.ProbabilitiesAt(i).ToArray().Sum(p => (double)p) + targets.RestMass[i];
            Assert.InRange(sum, (speaks ? 1 : 0) - 1e-6, (speaks ? 1 : 0) + 1e-6);
            Assert.Equal(targets.IdsAt(i).Length, targets.IdsAt(i).ToArray().Distinct().Count());
        }
    }

    /// <summary>.9·CLM + .1·fusion for the student logits [2, 1, 0, −1] and the gold token 0.</summary>
    private static double Loss(FusedTargets targets)
    {
        double[] logits = [2, 1, 0, -1];
        var normaliser = Math.Log(logits.Sum(Math.Exp));
        var fusion = targets.Ids.Zip(targets.Probabilities, (id, p) => -p * (logits[id] - normaliser)).Sum();
        return (.9 * (normaliser - logits[0])) + (.1 * fusion);
    }

    private static AlignedDocument Row(params (int Id, float Probability)[] entries) => new(
        [0, entries.Length], [.. entries.Select(entry => entry.Id)], [.. entries.Select(entry => entry.Probability)], [0], [PositionOrigin.Source], default);

    private static AlignedDocument Rows(int count, int id) => new(
        [.. Enumerable.Range(0, count + 1)],
        [.. Enumerable.Repeat(id, count)],
        [.. Enumerable.Repeat(1f, count)],
        new float[count],
        [.. Enumerable.Repeat(PositionOrigin.Source, count)],
        default);

    private sealed class Wrong(double weight) : IFusionFunction
    {
        public void Weigh(in FusionPosition position, Span<double> weights) => weights[0] = weight;
    }
}
