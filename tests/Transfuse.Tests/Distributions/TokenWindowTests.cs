using Transfuse.Distributions;

namespace Transfuse.Tests.Distributions;

public sealed class TokenWindowTests
{
    [Theory]
    [InlineData(0, 8, 2)]
    [InlineData(1, 8, 2)]
    [InlineData(8, 8, 2)]
    [InlineData(9, 8, 2)]
    [InlineData(100, 8, 6)]
    [InlineData(100, 7, 0)]
    [InlineData(100, 2, 0)]
    public void Every_token_is_kept_once_with_the_overlap_before_it(int tokens, int context, int overlap)
    {
        foreach (var prefixed in new[] { false, true })
        {
            var next = 0;
            foreach (var window in TokenWindow.Cover(5, tokens, context, overlap, prefixed))
            {
                Assert.Equal(next, window.FirstKept);
                Assert.Equal(Math.Min(next, overlap), window.FirstKept - window.Start);
                Assert.Equal(prefixed && window.Start > 0, window.HasPrefix);
                Assert.InRange(window.Rows, 1, context);
                next = window.End;
            }

            Assert.Equal(tokens, next);
        }
    }
}
