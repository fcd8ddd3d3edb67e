using Transfuse.Alignment;
using Transfuse.Errors;
using Transfuse.Tensors.Random;

namespace Transfuse.Tests.Alignment;

public sealed class ProjectionMapBuilderTests
{
    [Fact]
    public void Probabilities_are_the_shares_of_what_follows_at_shared_boundaries()
    {
        // Source: ab | c; target: a | b | c or ab | c as the text continues: "abc" has the piece abc, "abd" begins with ab, "ab." with a.
        var source = new ListTokenizer("<s>", "</s>", "ab", "c", "d", ".", "▁");
        var target = new ListTokenizer("<s>", "</s>", "abc", "ab", "abd", "a", "b", "c", "d", ".", "▁");
        var builder = new ProjectionMapBuilder(source, target);
        builder.Add("abc abc abd ab.");
        var map = builder.Build();

        // "ab" was next four times: before abc (2), abd (1), ab (1); the space three times; "c" never, as inside abc nothing is shared.
        Assert.Equal("abc ab abd", Spell(map, 2, target));
        Assert.Equal([.5f, .25f, .25f], map.ProbabilitiesOf(2).ToArray());
        Assert.Equal("c", Spell(map, 3, target));
        Assert.Equal([1f], map.ProbabilitiesOf(6).ToArray());
        Assert.Equal([1], map.TargetsOf(1).ToArray());
    }

    [Fact]
    public void The_rest_of_a_trimmed_row_is_unmapped_and_rare_rows_fall_back_on_the_prefix_rule()
    {
        var source = new ListTokenizer("ab", "c", "d", ".", "▁");
        var target = new ListTokenizer("abc", "ab", "abd", "a", "b", "c", "d", ".", "▁");
        var builder = new ProjectionMapBuilder(source, target) { MaximumTargets = 1, MinimumCount = 3 };
        builder.Add(" abc abc abd ab.");
        var map = builder.Build();
        Assert.Equal([.5f], map.ProbabilitiesOf(0).ToArray());
        Assert.Equal(".", Spell(map, 3, target));

        var rare = new ProjectionMapBuilder(source, target) { MinimumCount = 5 };
        rare.Add(" abc abc abd ab.");
        Assert.Equal("ab", Spell(rare.Build(), 0, target));
    }

    [Fact]
    public void Equal_vocabularies_give_the_identity()
    {
        var random = new RandomStream(3, "projection");
        var tokenizer = AlignmentFixtures.RandomTokenizer(random, 60);
        var builder = new ProjectionMapBuilder(tokenizer, tokenizer);
        builder.Add(AlignmentFixtures.RandomText(random, 400));
        var map = builder.Build();
        Assert.All(Enumerable.Range(0, tokenizer.VocabularySize), id =>
        {
            Assert.Equal([id], map.TargetsOf(id).ToArray());
            Assert.Equal([1f], map.ProbabilitiesOf(id).ToArray());
        });
    }

    [Fact]
    public void The_order_of_texts_leaves_no_trace()
    {
        var random = new RandomStream(5, "projection");
        var source = AlignmentFixtures.RandomTokenizer(random, 60);
        var target = AlignmentFixtures.RandomTokenizer(random, 90);
        var texts = Enumerable.Range(0, 10).Select(_ => AlignmentFixtures.RandomText(random, 50)).ToArray();
        var (forth, back) = (new ProjectionMapBuilder(source, target), new ProjectionMapBuilder(source, target));
        foreach (var (first, second) in texts.Zip(texts.Reverse()))
        {
            forth.Add(first);
            back.Add(second);
        }

        var (left, right) = (forth.Build(), back.Build());
        Assert.Equal(left.Targets.ToArray(), right.Targets.ToArray());
        Assert.Equal(left.Probabilities.ToArray(), right.Probabilities.ToArray());
        Assert.Equal(forth.BoundaryCount, back.BoundaryCount);
    }

    [Fact]
    public void An_id_outside_the_vocabulary_is_an_error()
    {
        var tokenizer = new ListTokenizer("a", "b");
        var exception = Assert.Throws<TransfuseException>(() => new ProjectionMapBuilder(tokenizer, tokenizer)
            .Add(new TokenSequence([0, 7], [1, 2]), new TokenSequence([0], [1])));
        Assert.Contains("token 7", exception.Message, StringComparison.Ordinal);
    }

    private static string Spell(VocabularyMap map, int source, ListTokenizer target) =>
        string.Join(' ', map.TargetsOf(source).ToArray().Select(target.TokenString));
}
