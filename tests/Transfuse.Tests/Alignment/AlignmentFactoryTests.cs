using Transfuse.Alignment;
using Transfuse.Errors;
using Transfuse.Tensors.Random;

namespace Transfuse.Tests.Alignment;

public sealed class AlignmentFactoryTests
{
    public static TheoryData<SequenceAlignmentKind, VocabularyMapKind> Combinations
    {
        get
        {
            var data = new TheoryData<SequenceAlignmentKind, VocabularyMapKind>();
            foreach (var sequence in Enum.GetValues<SequenceAlignmentKind>())
            {
                foreach (var vocabulary in Enum.GetValues<VocabularyMapKind>())
                {
                    data.Add(sequence, vocabulary);
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Combinations))]
    public void Every_combination_aligns_a_text(SequenceAlignmentKind sequence, VocabularyMapKind vocabulary)
    {
        var random = new RandomStream(31, "factory");
        var source = AlignmentFixtures.RandomTokenizer(random, 50);
        var target = AlignmentFixtures.RandomTokenizer(random, 50);
        var options = new AlignmentOptions { Sequence = sequence, Vocabulary = vocabulary };
        var texts = Enumerable.Range(0, 5).Select(_ => AlignmentFixtures.RandomText(random, 30)).ToArray();
        var map = AlignmentFactory.BuildMap(options, source, target, texts);
        Assert.Equal((vocabulary, source.ContentHash, target.ContentHash), (map.Kind, map.SourceHash, map.TargetHash));
        Assert.Equal(target.EosId, map.BestTarget(source.EosId!.Value));

        var document = AlignmentFixtures.RandomDistributions(random, TokenSequence.From(source.Encode(texts[0])), source.VocabularySize, 8);
        var aligned = AlignmentFactory.CreateAligner(options, source, target, map).Align(document, TokenSequence.From(target.Encode(texts[0])));
        Assert.InRange(aligned.Diagnostics.AlignedShare, .1, 1);
    }

    [Fact]
    public void A_map_of_other_tokenizers_is_an_error()
    {
        var (one, other) = (new ListTokenizer("a"), new ListTokenizer("b"));
        var exception = Assert.Throws<TransfuseException>(
            () => AlignmentFactory.CreateAligner(new AlignmentOptions(), other, one, PrefixMap.Build(one, one)));
        Assert.Contains("source", exception.Message, StringComparison.Ordinal);
    }
}
