using Transfuse.Checkpoints.Hub;

namespace Transfuse.Tests.Checkpoints.Hub;

public sealed class HubModelTests
{
    [Theory]
    [InlineData("org/name", "org/name", "main")]
    [InlineData("gpt2", "gpt2", "main")]
    [InlineData("Org-1/Name_2.5-B@refs/pr/3", "Org-1/Name_2.5-B", "refs/pr/3")]
    [InlineData("a/b@0123456789abcdef0123456789abcdef01234567", "a/b", "0123456789abcdef0123456789abcdef01234567")]
    public void A_name_is_read(string text, string name, string revision)
    {
        Assert.True(HubModel.TryParse(text, out var model));
        Assert.Equal(new HubModel(name, revision), model);
    }

    [Theory]
    [InlineData("")]
    [InlineData("a/b/c")]
    [InlineData("../b")]
    [InlineData("./b")]
    [InlineData("/a")]
    [InlineData("a/..")]
    [InlineData("a/b@")]
    [InlineData("a/b@../../x")]
    [InlineData("a/b@x/../y")]
    [InlineData("a b/c")]
    [InlineData("a\\b")]
    [InlineData("a/b--c")]
    public void Anything_else_is_none(string text) => Assert.False(HubModel.TryParse(text, out _));

    [Theory]
    [InlineData("*.json", "config.json", true)]
    [InlineData("*.json", "a/b/config.json", true)]
    [InlineData("*.json", "config.jsonl", false)]
    [InlineData("a?c", "abc", true)]
    [InlineData("a?c", "ac", false)]
    [InlineData("model-0000[1-3]*", "model-00002-of-9", true)]
    [InlineData("model-0000[!1-3]*", "model-00002-of-9", false)]
    [InlineData("**", "", true)]
    [InlineData("*a*b*c", "xxaxxbxxbc", true)]
    [InlineData("[", "[", true)]
    public void Patterns_match_as_in_the_ecosystem(string pattern, string path, bool matches) => Assert.Equal(matches, GlobPattern.Matches(pattern, path));
}
