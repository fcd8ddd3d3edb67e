using Transfuse.Cli.Hosting;

namespace Transfuse.Cli.Tests.Hosting;

public sealed class ByteSizeTests
{
    [Theory]
    [InlineData("123", 123)]
    [InlineData("8GB", 8_000_000_000)]
    [InlineData("7.5 GiB", 8_053_063_680)]
    [InlineData("500mb", 500_000_000)]
    [InlineData("64KiB", 65_536)]
    [InlineData("12B", 12)]
    public void Sizes_are_read(string text, long bytes)
    {
        Assert.True(ByteSize.TryParse(text, out var read));
        Assert.Equal(bytes, read);
    }

    [Theory]
    [InlineData("")]
    [InlineData("0")]
    [InlineData("-3MB")]
    [InlineData("NaN")]
    [InlineData("1e400GB")]
    [InlineData("99999999TB")]
    [InlineData("eight")]
    public void Others_are_refused(string text) => Assert.False(ByteSize.TryParse(text, out _));
}
