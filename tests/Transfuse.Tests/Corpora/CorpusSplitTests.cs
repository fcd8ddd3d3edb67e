using Transfuse.Corpora;

namespace Transfuse.Tests.Corpora;

public sealed class CorpusSplitTests
{
    private static readonly string[] Words = ["alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa"];

    [Fact]
    public void Fractions_hold_and_only_the_text_counts()
    {
        var split = new CorpusSplit(validation: 0.1, test: 0.2);
        var texts = Enumerable.Range(0, 10_000).Select(i => string.Join(' ', $"{i:D4}".Select(digit => Words[digit - '0']))).ToList();
        var parts = texts.CountBy(text => split.PartOf(new Document(text, "", text))).ToDictionary();

        // Four standard deviations of a binomial of 10,000: 160 and 120.
        Assert.InRange(parts[CorpusPart.Test], 1840, 2160);
        Assert.InRange(parts[CorpusPart.Validation], 880, 1120);
        Assert.All(texts.Take(50), text => Assert.Equal(split.PartOf(new("a", "b", text)), split.PartOf(new("c", "d", text))));
    }

    [Fact]
    public void Texts_that_differ_in_digits_case_or_spacing_go_the_same_way()
    {
        var split = new CorpusSplit(0.3, 0.3);
        for (var i = 0; i < 100; i++)
        {
            var text = $"{Words[i % 10]} {Words[i / 10]}";
            Assert.Equal(split.PartOf(new("a", "", text)), split.PartOf(new("a", "", $"{text.ToUpperInvariant()},\n 12{i}")));
        }
    }

    [Fact]
    public void Without_fractions_everything_trains() =>
        Assert.All(Words, word => Assert.Equal(CorpusPart.Train, new CorpusSplit(0, 0).PartOf(new("a", "", word))));

    [Theory]
    [InlineData(-0.1, 0)]
    [InlineData(0.5, 0.5)]
    [InlineData(double.NaN, 0)]
    public void Impossible_fractions_are_refused(double validation, double test) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new CorpusSplit(validation, test));
}
