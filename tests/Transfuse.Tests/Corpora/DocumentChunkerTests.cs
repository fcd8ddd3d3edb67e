using System.Text;
using Transfuse.Corpora;

namespace Transfuse.Tests.Corpora;

public sealed class DocumentChunkerTests
{
    private const int Maximum = 64;

    [Fact]
    public void A_short_document_stays_itself()
    {
        var document = new Document("a", "d", new string('x', Maximum));
        Assert.Same(document, Assert.Single(DocumentChunker.Split(document, Maximum)));
        Assert.Empty(DocumentChunker.Split(document with { Text = "" }, Maximum));
    }

    [Theory]
    [InlineData("one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen")]
    [InlineData("ééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééé")]
    [InlineData("😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀😀x😀")]
    [InlineData("a                                                                                                                  b")]
    [InlineData("日本語のテキストには空白がありません。それでも分割できなければなりません。文字の途中で切ってはいけません。")]
    public void Pieces_are_the_text_fit_and_are_never_empty(string text)
    {
        foreach (var repeated in new[] { text, text + text + "\n" + text, string.Concat(Enumerable.Repeat(text, 20)) })
        {
            var pieces = DocumentChunker.Split(new Document("a", "d", repeated), Maximum).ToList();
            Assert.Equal(repeated, string.Concat(pieces.Select(piece => piece.Text)));
            Assert.All(pieces, piece => Assert.InRange(Encoding.UTF8.GetByteCount(piece.Text), 1, Maximum));
            Assert.Equal(pieces.Count, pieces.Select(piece => piece.Id).Distinct().Count());
            Assert.All(pieces, piece => Assert.DoesNotContain("\uFFFD", Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(piece.Text))));
        }
    }

    [Fact]
    public void Paragraph_is_preferred_to_line_to_word()
    {
        var words = new string('w', 20) + " " + new string('v', 15);
        Assert.Equal([words + "\n\n", "next line\nand more words to come after"], Cut(words + "\n\nnext line\nand more words to come after"));
        Assert.Equal([words + "\n", "next line and more words to come after"], Cut(words + "\nnext line and more words to come after"));
        Assert.Equal([words + " next line and more words ", "to come after"], Cut(words + " next line and more words to come after"));
    }

    [Fact]
    public void A_cut_separates_no_combining_mark()
    {
        var text = new string('x', Maximum - 1) + "e\u0301" + new string('y', 10);
        Assert.Equal([new string('x', Maximum - 1), "e\u0301" + new string('y', 10)], Cut(text));
    }

    private static IEnumerable<string> Cut(string text) => DocumentChunker.Split(new Document("a", "", text), Maximum).Select(piece => piece.Text);
}
