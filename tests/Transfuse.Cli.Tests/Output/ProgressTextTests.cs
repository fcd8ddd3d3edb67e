using Transfuse.Cli.Output;

namespace Transfuse.Cli.Tests.Output;

public sealed class ProgressTextTests
{
    [Theory]
    [InlineData(0, "0 B")]
    [InlineData(999, "999 B")]
    [InlineData(1_500, "1.5 kB")]
    [InlineData(16_000_000_000, "16 GB")]
    public void Bytes_have_a_unit_that_fits(long bytes, string expected) => Assert.Equal(expected, ProgressText.Bytes(bytes));

    [Theory]
    [InlineData(0, "0 s")]
    [InlineData(59.9, "59 s")]
    [InlineData(185, "3m 05s")]
    [InlineData(7_800, "2h 10m")]
    public void Durations_have_two_units(double seconds, string expected) => Assert.Equal(expected, ProgressText.Duration(TimeSpan.FromSeconds(seconds)));

    [Fact]
    public void Numbers_are_grouped() => Assert.Equal("1 234 567", ProgressText.Number(1_234_567));
}
