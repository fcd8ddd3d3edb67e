using Transfuse.Tensors.Devices;

namespace Transfuse.Tensors.Tests.Devices;

public sealed class RelativeBucketsTests
{
    // First distance of each bucket, from a table computed with the original formula in Python.
    private static readonly int[] s_bothWays = [0, 1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 23, 32, 46, 64, 91];
    private static readonly int[] s_before = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 19, 21, 24, 27, 31, 35, 40, 46, 52, 59, 67, 77, 87, 99, 113];

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void T5s_buckets_begin_where_the_original_formula_has_them(bool isBidirectional)
    {
        var buckets = new RelativeBuckets(32, 128, isBidirectional);
        var starts = isBidirectional ? s_bothWays : s_before;
        for (var distance = 0; distance < 5000; distance++)
        {
            var expected = Array.FindLastIndex(starts, start => start <= distance);
            Assert.Equal(expected, buckets.Of(distance));
            Assert.Equal(distance == 0 || !isBidirectional ? 0 : expected + 16, buckets.Of(-distance));
        }
    }

    [Fact]
    public void The_farthest_distances_share_the_last_bucket()
    {
        Assert.Equal(31, new RelativeBuckets(32, 128, IsBidirectional: false).Of(int.MaxValue));
        Assert.Equal(31, new RelativeBuckets(32, 128, IsBidirectional: true).Of(int.MinValue));
    }

    [Theory]
    [InlineData(3, 128, true)]
    [InlineData(2, 128, true)]
    [InlineData(1, 128, false)]
    [InlineData(32, 8, true)]
    [InlineData(32, 16, false)]
    public void Impossible_buckets_are_named(int count, int maxDistance, bool isBidirectional) =>
        Assert.Single(new RelativeBuckets(count, maxDistance, isBidirectional).Problems());
}
