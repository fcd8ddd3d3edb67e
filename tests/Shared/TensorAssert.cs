namespace Transfuse.Tests.Shared;

/// <summary>Element-wise comparisons with a stated tolerance.</summary>
internal static class TensorAssert
{
    /// <summary>Fails at the first element where |actual − expected| &gt; absolute + relative·|expected|, or where either is NaN.</summary>
    internal static void Close(ReadOnlySpan<double> expected, ReadOnlySpan<float> actual, double absolute, double relative, string what = "value")
    {
        Assert.Equal(expected.Length, actual.Length);
        for (var i = 0; i < expected.Length; i++)
        {
            var difference = Math.Abs(actual[i] - expected[i]);
            Assert.True(
                difference <= absolute + (relative * Math.Abs(expected[i])),
                $"{what}[{i}]: expected {expected[i]:R}, got {actual[i]:R} (difference {difference:E2})");
        }
    }
}
