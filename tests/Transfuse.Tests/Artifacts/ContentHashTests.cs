using Transfuse.Artifacts;
using Transfuse.Errors;
using Transfuse.Tests.Shared;

namespace Transfuse.Tests.Artifacts;

public sealed class ContentHashTests
{
    // FIPS 180-4's example for one block.
    private const string OfAbc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    [Fact]
    public void All_forms_give_the_published_value()
    {
        using var folder = new TemporaryFolder();
        Assert.Equal(OfAbc, ContentHash.OfText("abc"));
        Assert.Equal(OfAbc, ContentHash.OfBytes("abc"u8));
        Assert.Equal(OfAbc, ContentHash.OfStream(new MemoryStream("abc"u8.ToArray())));
        Assert.Equal(OfAbc, ContentHash.OfFile(folder.Write("abc", "abc")));
    }

    [Theory]
    [InlineData(OfAbc, true)]
    [InlineData("BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD", false)]
    [InlineData("ba78", false)]
    [InlineData(null, false)]
    public void The_form_is_recognised(string? text, bool wellFormed) => Assert.Equal(wellFormed, ContentHash.IsWellFormed(text));

    [Fact]
    public void A_missing_file_is_named()
    {
        var exception = Assert.Throws<InputException>(() => ContentHash.OfFile("/nowhere/at/all"));
        Assert.Equal("/nowhere/at/all", exception.Path);
    }
}
