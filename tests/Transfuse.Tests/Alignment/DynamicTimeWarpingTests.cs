using Transfuse.Alignment;
using Transfuse.Errors;

namespace Transfuse.Tests.Alignment;

public sealed class DynamicTimeWarpingTests
{
    [Theory]
    [InlineData(TieOrder.FuseLlm, "0|0|1|2,3")]
    [InlineData(TieOrder.FuseChat, "0,1|2|3|3")]
    public void Ties_follow_the_order(TieOrder order, string expected)
    {
        var path = Warp(["b", "a", "bb", "ab"], ["ba", "bb", "a", "b"], order);
        Assert.Equal(4, path.Total);
        Assert.Equal(expected, string.Join('|', Enumerable.Range(0, 4).Select(i => string.Join(',', path.SourcesOf(i).ToArray()))));
    }

    [Fact]
    public void Space_marks_cost_nothing() => Assert.Equal(0, Warp(["The", "Ġcat"], ["▁The", "▁cat"], TieOrder.FuseLlm).Total);

    [Fact]
    public void An_instance_gives_the_same_for_a_text_after_a_longer_one()
    {
        var (source, target) = (Vocabulary(["b", "a", "bb", "ab"], "Ġ"), Vocabulary(["ba", "bb", "a", "b"], "▁"));
        var warping = new DynamicTimeWarping(new PieceDistance(source, target, decoded: false), TieOrder.FuseLlm);
        var before = warping.Align([0, 1], [0, 3]);
        warping.Align([0, 1, 2, 3, 0, 1], [3, 2, 1, 0, 1, 2, 3]);
        var after = warping.Align([0, 1], [0, 3]);
        Assert.Equal((before.Total, string.Join(',', before.SourcePositions)), (after.Total, string.Join(',', after.SourcePositions)));
    }

    [Fact]
    public void An_empty_side_is_an_error() => Assert.Throws<TransfuseException>(() => Warp([], ["a"], TieOrder.FuseLlm));

    private static WarpingPath Warp(string[] source, string[] target, TieOrder order) =>
        new DynamicTimeWarping(new PieceDistance(Vocabulary(source, "Ġ"), Vocabulary(target, "▁"), decoded: false), order)
            .Align([.. Enumerable.Range(0, source.Length)], [.. Enumerable.Range(0, target.Length)]);

    private static PieceVocabulary Vocabulary(string[] pieces, string marker) => new("", pieces, pieces, marker);
}
