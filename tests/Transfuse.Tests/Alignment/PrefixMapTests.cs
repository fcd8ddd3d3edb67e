using Transfuse.Alignment;

namespace Transfuse.Tests.Alignment;

public sealed class PrefixMapTests
{
    private static readonly ListTokenizer Target = new("<unk>", "<s>", "</s>", "<0x0A>", "<0x61>", "a", "▁", "▁the", "▁token", "▁tokenizer", "2", "0", "4", "20");

    [Theory]
    [InlineData("▁the", "▁the")]
    [InlineData("2024", "20")]
    [InlineData("\n", "<0x0A>")]
    [InlineData("a", "a")]
    [InlineData("▁theory", "▁the")]
    [InlineData("▁tokenizers", "▁tokenizer")]
    [InlineData("▁tokeniz", null)]
    [InlineData("▁t", null)]
    [InlineData("q", null)]
    [InlineData("<s>", "<s>")]
    [InlineData("</s>", "</s>")]
    [InlineData("<unk>", "<unk>")]
    public void A_piece_becomes_the_target_token_that_its_bytes_begin_with(string piece, string? expected)
    {
        var source = new ListTokenizer(piece, "<s>", "</s>", "<unk>");
        var map = PrefixMap.Build(source, Target);
        Assert.Equal(expected is null ? -1 : Target.TokenId(expected), map.BestTarget(source.TokenId(piece)!.Value));
    }

    [Fact]
    public void Equal_vocabularies_give_the_identity()
    {
        var map = PrefixMap.Build(Target, Target);
        Assert.All(Enumerable.Range(0, Target.VocabularySize), id => Assert.Equal([id], map.TargetsOf(id).ToArray()));
        Assert.Empty(map.TargetsOf(Target.VocabularySize + 5).ToArray());
    }
}
