using Transfuse.Errors;
using Transfuse.Tensors.Random;
using Transfuse.Tokenization.Patterns;
using Transfuse.Tokenization.Text;

namespace Transfuse.Tests.Tokenization.Patterns;

public sealed class RegexPatternTests
{
    [Theory]
    [InlineData(@"a|ab", "ab", "a")]
    [InlineData(@"(?:a|ab)c", "abc", "abc")]
    [InlineData(@"a+?b", "aaab", "aaab")]
    [InlineData(@"(?>a+)a", "aaa", null)]
    [InlineData(@"a++a", "aaa", null)]
    [InlineData(@"a{2,3}", "aaaa", "aaa")]
    [InlineData(@"a{,2}b", "aab", "aab")]
    [InlineData(@"x{", "x{", "x{")]
    [InlineData(@"(\p{L})\1", "abccd", "cc")]
    [InlineData(@"(?<=\p{L})\d", "1a2", "2")]
    [InlineData(@"(?<!a)b", "abcb", "b")]
    [InlineData(@"\s+(?!\S)", "  x  ", " ")]
    [InlineData(@"(?i)straSSe", "STRASSE", "STRASSE")]
    [InlineData(@"(?i:'s)t", "'ſt", "'ſt")]
    [InlineData(@"[a-c&&[^b]]+", "bacb", "ac")]
    [InlineData(@"[^\s\p{L}]+", "ab12 ", "12")]
    [InlineData(@"[\]\-x]+", "a]-x", "]-x")]
    [InlineData(@"\p{Lu}\p{^Lu}", "aBc", "Bc")]
    [InlineData(@"\p{Han}+", "ab漢字か", "漢字")]
    [InlineData(@"^b$", "a\nb\nc", "b")]
    [InlineData(@"\bfoo\b", "afoo foo", "foo")]
    [InlineData(@"(a*)*b", "aaab", "aaab")]
    [InlineData(@"\x{1D400}|\u0041", "x\U0001D400", "\U0001D400")]
    [InlineData(@"\p{L}+", "1\U0001D400\U0001D401b2", "\U0001D400\U0001D401b")]
    [InlineData(@"\p{N}", "a\U0001D7D8", "\U0001D7D8")]
    [InlineData(@"[[:alpha:]]+", "12ab3", "ab")]
    public void Finds_what_Oniguruma_finds(string pattern, string text, string? expected)
    {
        var bytes = Utf8.Bytes(text);
        var found = RegexPattern.Compile(pattern).Find(bytes, 0, out var start, out var end);
        Assert.Equal(expected, found ? Utf8.String(bytes.AsSpan(start, end - start)) : null);
    }

    [Theory]
    [InlineData("(", "')'")]
    [InlineData("a)", "unmatched")]
    [InlineData("[a", "']'")]
    [InlineData("*a", "nothing to repeat")]
    [InlineData(@"\p{Klingon}", "Klingon")]
    [InlineData("a{5,2}", "below its minimum")]
    [InlineData("a{2000}", "above 1000")]
    [InlineData("((((((a{100}){100}){100})))))", "")]
    [InlineData(@"(?<=a*)b", "looks behind")]
    [InlineData(@"\2(a)", "group 2")]
    [InlineData("a*********", "quantifiers in a row")]
    public void Says_what_it_cannot_read(string pattern, string expected) =>
        Assert.Contains(expected, Assert.Throws<FormatException>(() => RegexPattern.Compile(pattern)).Message, StringComparison.Ordinal);

    [Fact]
    public void Gives_up_on_catastrophic_backtracking()
    {
        var pattern = RegexPattern.Compile("(a|aa)+$");
        var text = Utf8.Bytes(new string('a', 200) + "b");
        Assert.Throws<TokenizerException>(() => pattern.Find(text, 0, out _, out _));
    }

    [Theory]
    [InlineData(KnownPatterns.Gpt2)]
    [InlineData(KnownPatterns.Llama3)]
    [InlineData(KnownPatterns.Qwen2)]
    public void The_hand_written_matchers_equal_the_general_one(string regex)
    {
        var random = new RandomStream(5, regex);
        var (fast, general) = (KnownPatterns.FromRegex(regex), RegexPattern.Compile(regex));
        var alphabet = "aZ's'tRelLvVdDmM1234 \t\r\n\u00A0\u3000.,!ſ²é\u0301日\U0001D400\U0001F600".EnumerateRunes().ToArray();
        for (var i = 0; i < 3000; i++)
        {
            var text = Utf8.Bytes(string.Concat(Enumerable.Range(0, random.NextInt32(20)).Select(_ => alphabet[random.NextInt32(alphabet.Length)].ToString())));
            for (var position = 0; position < text.Length;)
            {
                Assert.True(fast.Find(text, position, out var start, out var end));
                Assert.True(general.Find(text, position, out var expectedStart, out var expectedEnd));
                Assert.Equal((expectedStart, expectedEnd), (start, end));
                position = end;
            }
        }
    }
}
