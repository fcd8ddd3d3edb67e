using Transfuse.Alignment;
using Transfuse.Errors;

namespace Transfuse.Tests.Alignment;

public sealed class VocabularyMapTests
{
    [Fact]
    public void Rows_give_their_targets_and_the_best_of_them()
    {
        var map = new VocabularyMap(VocabularyMapKind.Projection, "s", "t", 7, [0, 3, 3], [4, 6, 2], [.25f, .5f, .1f]);
        Assert.Equal([4, 6, 2], map.TargetsOf(0).ToArray());
        Assert.Equal([6, -1, -1, -1], new[] { 0, 1, 2, -1 }.Select(map.BestTarget));
    }

    [Theory]
    [InlineData(new[] { 0, 1 }, new[] { 7 }, new[] { 1f })]
    [InlineData(new[] { 0, 1 }, new[] { -1 }, new[] { 1f })]
    [InlineData(new[] { 0, 1 }, new[] { 1 }, new[] { -1f })]
    [InlineData(new[] { 0, 1 }, new[] { 1 }, new[] { float.NaN })]
    [InlineData(new[] { 0, 2 }, new[] { 1, 2 }, new[] { .7f, .7f })]
    [InlineData(new[] { 0, 2, 1 }, new[] { 1 }, new[] { 1f })]
    [InlineData(new[] { 0, 5, 1 }, new[] { 1 }, new[] { 1f })]
    [InlineData(new[] { 1, 1 }, new[] { 1 }, new[] { 1f })]
    [InlineData(new int[0], new int[0], new float[0])]
    public void Arrays_that_are_no_map_are_an_error(int[] starts, int[] targets, float[] probabilities) =>
        Assert.Throws<TransfuseException>(() => new VocabularyMap(VocabularyMapKind.Exact, "s", "t", 7, starts, targets, probabilities));
}
