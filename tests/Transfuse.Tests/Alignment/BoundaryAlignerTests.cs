using Transfuse.Alignment;
using Transfuse.Tensors.Random;

namespace Transfuse.Tests.Alignment;

public sealed class BoundaryAlignerTests
{
    [Theory]
    [InlineData(new[] { 0, 3, 7, 9 }, new[] { 0, 3, 5, 9 }, new[] { 0, 1, -1, 3 })]
    [InlineData(new[] { 3, 7 }, new[] { 0, 3, 7 }, new[] { 1, 2 })]
    [InlineData(new[] { 0, 3, 7 }, new[] { 3, 7 }, new[] { -1, 0, 1 })]
    [InlineData(new[] { 0, 4, 4 }, new[] { 0, 2, 4, 4 }, new[] { 0, 2, 3 })]
    [InlineData(new[] { 0, 4, 4 }, new[] { 0, 4 }, new[] { 0, 1, -1 })]
    [InlineData(new[] { 5 }, new int[0], new[] { -1 })]
    [InlineData(new int[0], new[] { 5 }, new int[0])]
    public void Positions_meet_where_their_tokens_end_at_the_same_byte(int[] target, int[] source, int[] expected)
    {
        var rows = new int[target.Length];
        BoundaryAligner.Align(target, source, rows);
        Assert.Equal(expected, rows);
    }

    [Fact]
    public void The_alignment_is_symmetric_and_misses_no_shared_boundary()
    {
        var random = new RandomStream(7, "boundaries");
        for (var trial = 0; trial < 200; trial++)
        {
            var left = RandomEnds(random);
            var right = RandomEnds(random);
            var (forth, back) = (new int[left.Length], new int[right.Length]);
            BoundaryAligner.Align(left, right, forth);
            BoundaryAligner.Align(right, left, back);
            for (var i = 0; i < forth.Length; i++)
            {
                Assert.True(forth[i] < 0 ? !back.Contains(i) : back[forth[i]] == i && left[i] == right[forth[i]]);
            }

            var shared = left.Distinct().Sum(end => Math.Min(left.Count(e => e == end), right.Count(e => e == end)));
            Assert.Equal(shared, forth.Count(row => row >= 0));
        }
    }

    private static int[] RandomEnds(RandomStream random) =>
        [.. Enumerable.Range(0, random.NextInt32(40)).Select(_ => random.NextInt32(30)).Order()];
}
