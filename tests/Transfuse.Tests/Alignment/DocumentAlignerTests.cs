using Transfuse.Alignment;
using Transfuse.Distributions;
using Transfuse.Errors;
using Transfuse.Tensors.Random;

namespace Transfuse.Tests.Alignment;

public sealed class DocumentAlignerTests
{
    public static TheoryData<RestPolicy, double, int> Policies => new()
    {
        { RestPolicy.Bucket, 1, 32 },
        { RestPolicy.Bucket, 0.5, 32 },
        { RestPolicy.Bucket, 2, 3 },
        { RestPolicy.Renormalise, 1, 32 },
        { RestPolicy.Renormalise, 1.7, 2 },
    };

    [Theory]
    [MemberData(nameof(Policies))]
    public void Mass_is_conserved_at_every_position(RestPolicy rest, double temperature, int maximumEntries)
    {
        var random = new RandomStream(11, "aligner");
        var source = AlignmentFixtures.RandomTokenizer(random, 80);
        var target = AlignmentFixtures.RandomTokenizer(random, 50);
        var builder = new ProjectionMapBuilder(source, target);
        builder.Add(AlignmentFixtures.RandomText(random, 500));
        var aligner = new DocumentAligner(
            new AlignmentOptions { Rest = rest, Temperature = temperature, MaximumEntries = maximumEntries }, new BoundaryAligner(), builder.Build());
        for (var trial = 0; trial < 20; trial++)
        {
            var text = AlignmentFixtures.RandomText(random, 30);
            var tokens = TokenSequence.From(target.Encode(text));
            var document = AlignmentFixtures.RandomDistributions(
                random, TokenSequence.From(source.Encode(text)), source.VocabularySize, 1 + random.NextInt32(10));
            var aligned = aligner.Align(document, tokens);
            Assert.True(aligned.Diagnostics.Aligned > tokens.Count / 4);
            Assert.InRange(aligned.Diagnostics.MeanUnmappedMass, 0, 1);
            for (var i = 0; i < aligned.Count; i++)
            {
                var sum = aligned.ProbabilitiesAt(i).ToArray().Sum(p => (double)p) + aligned.RestMass[i];
                Assert.InRange(sum, 1 - 1e-6, 1 + 1e-6);
                Assert.Equal(aligned.IdsAt(i).Length, aligned.IdsAt(i).ToArray().Distinct().Count());
                Assert.True(aligned.IdsAt(i).Length <= maximumEntries);
            }
        }
    }

    [Fact]
    public void Equal_tokenizers_give_back_what_the_source_said()
    {
        var random = new RandomStream(12, "aligner");
        var tokenizer = AlignmentFixtures.RandomTokenizer(random, 80);
        var text = TokenSequence.From(tokenizer.Encode(AlignmentFixtures.RandomText(random, 200)));
        var document = AlignmentFixtures.RandomDistributions(random, text, tokenizer.VocabularySize, 10);
        var aligned = new DocumentAligner(new AlignmentOptions(), new BoundaryAligner(), PrefixMap.Build(tokenizer, tokenizer)).Align(document, text);
        Assert.Equal(document.Next.Starts, aligned.Starts);
        Assert.Equal(document.Next.Ids, aligned.Ids);
        Assert.Equal(document.Next.LogProbabilities.Select(value => (float)Math.Exp(value)), aligned.Probabilities);
        Assert.Equal(1, aligned.Diagnostics.AlignedShare);
        Assert.Equal(0, aligned.Diagnostics.MeanUnmappedMass, 1e-9);
    }

    [Theory]
    [InlineData(UnalignedFallback.Mask, PositionOrigin.None, -1)]
    [InlineData(UnalignedFallback.Next, PositionOrigin.OneHot, 2)]
    [InlineData(UnalignedFallback.Current, PositionOrigin.OneHot, 1)]
    [InlineData(UnalignedFallback.Base, PositionOrigin.Empty, -1)]
    public void An_unaligned_position_receives_the_fallback(UnalignedFallback fallback, PositionOrigin origin, int id)
    {
        var map = VocabularyMap.OneToOne(VocabularyMapKind.Prefix, "s", "t", 3, [0, 1, 2]);
        var aligner = new DocumentAligner(new AlignmentOptions { Fallback = fallback }, new BoundaryAligner(), map);
        var aligned = aligner.Align(Document([1, 3], [[(0, .5)], [(1, .25)]]), new TokenSequence([0, 1, 2], [1, 2, 3]));
        Assert.Equal([PositionOrigin.Source, origin, PositionOrigin.Source], aligned.Origins);
        Assert.Equal(id < 0 ? [] : new[] { id }, aligned.IdsAt(1).ToArray());
        Assert.Equal([.5f, id < 0 ? 1 : 0, .75f], aligned.RestMass);
        Assert.Equal(origin == PositionOrigin.OneHot ? 1 : 0, aligned.Diagnostics.OneHot);
    }

    [Fact]
    public void Empty_positions_are_filled_from_the_base_model()
    {
        var map = VocabularyMap.OneToOne(VocabularyMapKind.Prefix, "s", "t", 3, [-1, 1, 2]);
        var aligner = new DocumentAligner(new AlignmentOptions(), new BoundaryAligner(), map);
        var target = new TokenSequence([0, 1], [1, 2]);
        var aligned = aligner.Align(Document([1, 2], [[(0, .5)], [(1, .25)]]), target);
        var baseDocument = aligner.Align(Document([1, 2], [[(2, .5)], [(2, .25)]]), target);
        Assert.Equal(PositionOrigin.Empty, aligned.Origins[0]);
        var filled = aligned.FillEmptyFrom(baseDocument);
        Assert.Equal([PositionOrigin.Base, PositionOrigin.Source], filled.Origins);
        Assert.Equal([2, 1], filled.Ids);
        Assert.Equal([.5f, .75f], filled.RestMass);
    }

    [Fact]
    public void Temperature_acts_on_the_kept_tokens_and_the_bucket()
    {
        // T = 1/2 squares: (.6, .3, rest .1) → (.36, .09, .01) / .46.
        var map = VocabularyMap.OneToOne(VocabularyMapKind.Prefix, "s", "t", 3, [0, 1, 2]);
        var aligner = new DocumentAligner(new AlignmentOptions { Temperature = .5 }, new BoundaryAligner(), map);
        var aligned = aligner.Align(Document([1], [[(0, .6), (1, .3)]]), new TokenSequence([0], [1]));
        Assert.Equal(.36 / .46, aligned.Probabilities[0], 1e-6);
        Assert.Equal(.09 / .46, aligned.Probabilities[1], 1e-6);
        Assert.Equal(.01 / .46, aligned.RestMass[0], 1e-6);
    }

    [Theory]
    [InlineData(DuplicatePolicy.Sum, RestPolicy.Bucket, .8, .1)]
    [InlineData(DuplicatePolicy.First, RestPolicy.Bucket, .5, .4)]
    [InlineData(DuplicatePolicy.Sum, RestPolicy.Drop, .8, 0)]
    public void Candidates_that_meet_are_summed_or_the_first_is_kept(DuplicatePolicy duplicates, RestPolicy rest, double expected, double restMass)
    {
        var map = VocabularyMap.OneToOne(VocabularyMapKind.Prefix, "s", "t", 2, [0, 0, 1]);
        var aligner = new DocumentAligner(new AlignmentOptions { Duplicates = duplicates, Rest = rest }, new BoundaryAligner(), map);
        var aligned = aligner.Align(Document([1], [[(0, .5), (1, .3), (2, .1), (9, .05)]]), new TokenSequence([0], [1]));
        Assert.Equal([0, 1], aligned.Ids);
        Assert.Equal(expected, aligned.Probabilities[0], 1e-6);
        Assert.Equal(restMass, aligned.RestMass[0], 1e-6);
    }

    [Fact]
    public void Values_that_are_no_log_probabilities_are_an_error_that_names_the_place()
    {
        var map = VocabularyMap.OneToOne(VocabularyMapKind.Prefix, "s", "t", 2, [0, 1]);
        var aligner = new DocumentAligner(new AlignmentOptions(), new BoundaryAligner(), map);
        var exception = Assert.Throws<TransfuseException>(
            () => aligner.Align(Document([1, 2], [[(0, .5)], [(0, 3.0)]]), new TokenSequence([0, 1], [1, 2])));
        Assert.Contains("doc", exception.Message, StringComparison.Ordinal);
        Assert.Contains("position 1", exception.Message, StringComparison.Ordinal);
        Assert.Throws<TransfuseException>(() => new DocumentAligner(new AlignmentOptions { Temperature = 0 }, new BoundaryAligner(), map));
        Assert.Throws<TransfuseException>(
            () => aligner.Align(Document([1], [[(0, double.NaN)]]), new TokenSequence([0], [1])));
    }

    private static DocumentDistributions Document(int[] ends, (int Id, double Probability)[][] rows)
    {
        var starts = new int[rows.Length + 1];
        for (var i = 0; i < rows.Length; i++)
        {
            starts[i + 1] = starts[i] + rows[i].Length;
        }

        var entries = rows.SelectMany(row => row).ToArray();
        return new DocumentDistributions(
            "doc",
            new int[ends.Length],
            ends,
            new SparseDistributions(starts, [.. entries.Select(entry => entry.Id)], [.. entries.Select(entry => (float)Math.Log(entry.Probability))]),
            new float[ends.Length]);
    }
}
