using Transfuse.Evaluation;

namespace Transfuse.Tests.Evaluation;

public sealed class RollingWindowTests
{
    [Theory]
    [InlineData(1, 4, 2)]
    [InlineData(2, 1, 1)]
    [InlineData(5, 4, 4)]
    [InlineData(6, 4, 1)]
    [InlineData(100, 8, 3)]
    [InlineData(257, 256, 128)]
    [InlineData(1000, 256, 128)]
    public void Every_token_but_the_first_is_predicted_once_with_what_context_fits(int tokens, int window, int stride)
    {
        var predicted = new List<int>();
        foreach (var rolling in RollingWindow.Cover(tokens, window, stride))
        {
            predicted.AddRange(Enumerable.Range(rolling.FirstPredicted, rolling.End - rolling.FirstPredicted));
            var read = rolling.End - 1 - rolling.Start;
            Assert.InRange(read, 1, window);
            Assert.True(read == window || rolling.Start == 0, "a later window reads as much as fits");
            Assert.True(rolling.FirstPredicted > rolling.Start);
            Assert.True(rolling.FirstPredicted == 1 || rolling.End - rolling.FirstPredicted <= stride);
        }

        Assert.Equal(Enumerable.Range(1, tokens - 1), predicted);
    }

    [Fact]
    public void Nothing_to_predict_gives_no_window() => Assert.Empty(RollingWindow.Cover(0, 4, 2));

    [Fact]
    public void A_stride_beyond_the_window_is_refused() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => RollingWindow.Cover(9, 4, 5));
}
