using Transfuse.Generation;
using Transfuse.Tokenization.Bpe;

namespace Transfuse.Tests.Generation;

public sealed class GeneratedTextTests
{
    private static readonly Transfuse.Tokenization.Tokenizer s_tokenizer = BpeTrainer.Train(
        ["the end of the text, the end of the line"], new BpeTrainerOptions { VocabularySize = 280 });

    [Fact]
    public void A_character_appears_when_its_last_byte_is_there()
    {
        var pieces = new List<string>();
        var text = new GeneratedText(s_tokenizer, [], write: pieces.Add);
        foreach (var id in Ids("a🙂"))
        {
            text.Add(id);
        }

        text.Add(Ids("🙂")[0]);
        text.Complete();
        Assert.Equal(["a", "🙂", "\uFFFD"], pieces);
        Assert.Equal("a🙂\uFFFD", text.ToString());
    }

    [Theory]
    [InlineData("one two three", "two", "one ")]
    [InlineData("one two three", "three", "one two ")]
    [InlineData("one two three", "four", "one two three")]
    [InlineData("aab aabaac", "aabaac", "aab ")]
    [InlineData("Maß 🙂🙂 end", "🙂 e", "Maß 🙂")]
    [InlineData("never complete: en", "end", "never complete: en")]
    [InlineData("xend", "xend", "")]
    public void The_text_ends_before_a_stop_string_wherever_tokens_are_cut(string text, string stop, string expected)
    {
        // Single bytes are the worst cut there is.
        foreach (var stops in (string[][])[[stop], ["not there", stop, stop + "longer"]])
        {
            var written = string.Empty;
            var generated = new GeneratedText(s_tokenizer, stops, write: piece => written += piece);
            foreach (var id in Bytes(text))
            {
                generated.Add(id);
            }

            generated.Complete();
            Assert.Equal(expected, generated.ToString());
            Assert.Equal(expected, written);
            Assert.Equal(expected != text, generated.HasStopped);
        }
    }

    [Fact]
    public void A_stop_string_may_begin_with_the_blank_that_is_dropped()
    {
        var text = new GeneratedText(s_tokenizer, [" end"], startsText: true);
        foreach (var id in Bytes(" end"))
        {
            text.Add(id);
        }

        text.Complete();
        Assert.True(text.HasStopped);
        Assert.Equal("", text.ToString());
    }

    [Fact]
    public void What_may_begin_a_stop_string_is_held_back_and_nothing_else()
    {
        var pieces = new List<string>();
        var text = new GeneratedText(s_tokenizer, ["###"], write: pieces.Add);
        foreach (var id in Bytes("a##b#"))
        {
            text.Add(id);
        }

        Assert.Equal(["a", "##b"], pieces);
        text.Complete();
        Assert.Equal(["a", "##b", "#"], pieces);
    }

    [Fact]
    public void A_text_of_its_own_has_no_blank_before_it()
    {
        var text = new GeneratedText(s_tokenizer, [], startsText: true);
        foreach (var id in Bytes("  a b"))
        {
            text.Add(id);
        }

        text.Complete();
        Assert.Equal(" a b", text.ToString());
    }

    private static int[] Ids(string text) => s_tokenizer.Encode(text, addSpecialTokens: false).Ids;

    // One token a byte: those of the alphabet.
    private static IEnumerable<int> Bytes(string text) => System.Text.Encoding.UTF8.GetBytes(text)
        .Select(value => Enumerable.Range(0, s_tokenizer.VocabularySize).First(id => s_tokenizer.TokenBytes(id).Span.SequenceEqual([value])));
}
