using Transfuse.Corpora;
using Transfuse.Tests.Shared;

namespace Transfuse.Tests.Corpora;

public sealed class FilePatternTests
{
    [Theory]
    [InlineData("*.txt", "a.txt b.txt")]
    [InlineData("?.txt", "a.txt b.txt")]
    [InlineData("**/*.txt", "a.txt b.txt x/a.txt x/y/a1.txt z/y/c.txt")]
    [InlineData("**/y/*", "x/y/a1.txt x/y/b.md z/y/c.txt")]
    [InlineData("x", "x/a.txt x/y/a1.txt x/y/b.md")]
    [InlineData("x/**", "x/a.txt x/y/a1.txt x/y/b.md")]
    [InlineData("*/y/*.md", "x/y/b.md")]
    [InlineData("x/y/a?.txt", "x/y/a1.txt")]
    [InlineData("./x/../a.txt", "a.txt")]
    [InlineData(".git/*", ".git/config")]
    public void Patterns_match_as_in_a_shell(string pattern, string expected)
    {
        using var folder = new TemporaryFolder();
        foreach (var name in new[] { "z/y/c.txt", "x/y/b.md", "b.txt", "a.txt", "x/a.txt", "x/y/a1.txt", ".git/config" })
        {
            folder.Write(name, name);
        }

        var found = FilePattern.Expand(folder.FullPath, pattern).Select(path => Path.GetRelativePath(folder.FullPath, path).Replace('\\', '/'));
        Assert.Equal(expected, string.Join(' ', found));
    }
}
