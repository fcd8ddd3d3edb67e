using Transfuse.Recipes.Reading;

namespace Transfuse.Tests.Recipes.Reading;

public sealed class SpellingSuggestionTests
{
    [Theory]
    [InlineData("acumulate", "accumulate")]
    [InlineData("stpes", "steps")]
    [InlineData("STEPS", "steps")]
    [InlineData("step", "steps")]
    [InlineData("learning", null)]
    [InlineData("", null)]
    public void The_nearest_word_within_a_third_of_the_length_is_found(string word, string? expected) =>
        Assert.Equal(expected, SpellingSuggestion.Nearest(word, ["accumulate", "steps", "learning_rate"]));

    [Fact]
    public void Of_equals_the_first_in_the_alphabet_is_taken() => Assert.Equal("ab", SpellingSuggestion.Nearest("aa", ["ac", "ab"]));
}
