using Transfuse.Alignment;
using Transfuse.Tensors.Random;

namespace Transfuse.Tests.Alignment;

public sealed class EditDistanceTests
{
    [Theory]
    [InlineData("", "", 0)]
    [InlineData("", "abc", 3)]
    [InlineData("kitten", "sitting", 3)]
    [InlineData("▁know", "▁knowledge", 5)]
    [InlineData("é", "e", 1)]
    [InlineData("😀", "😁", 1)]
    public void Distances_of_known_pairs(string a, string b, int expected)
    {
        var distance = new EditDistance();
        Assert.Equal(expected, distance.Between(a, b));
        Assert.Equal(expected, distance.Between(b, a));
    }

    [Fact]
    public void Both_forms_agree_with_the_definition_up_to_and_beyond_a_word()
    {
        var random = new RandomStream(1, "levenshtein");
        var distance = new EditDistance();
        foreach (var length in new[] { 0, 1, 2, 5, 31, 63, 64, 65, 100 })
        {
            for (var trial = 0; trial < 40; trial++)
            {
                var pattern = Text(random, length);
                var text = Text(random, random.NextInt32(length + 20));
                distance.SetPattern(pattern);
                Assert.Equal(Definition(pattern, text), distance.To(text));
            }
        }
    }

    private static int[] Text(RandomStream random, int length) => [.. Enumerable.Range(0, length).Select(_ => 'a' + random.NextInt32(3))];

    private static int Definition(int[] a, int[] b)
    {
        var d = new int[a.Length + 1, b.Length + 1];
        for (var i = 0; i <= a.Length; i++)
        {
            for (var j = 0; j <= b.Length; j++)
            {
                d[i, j] = i == 0 || j == 0
                    ? i + j
                    : Math.Min(Math.Min(d[i - 1, j], d[i, j - 1]) + 1, d[i - 1, j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1));
            }
        }

        return d[a.Length, b.Length];
    }
}
