using System.Text.Json;
using Transfuse.Alignment;
using Transfuse.Tests.Shared;
using Xunit.Abstractions;

namespace Transfuse.Tests.Alignment;

[Trait("Category", "Reference")]
public sealed class FuseChatGoldenTests(ITestOutputHelper output)
{
    [GoldenFact(AlignmentGolden.Area)]
    public void Statistics_and_map_are_those_of_the_original()
    {
        foreach (var (folder, document) in AlignmentGolden.Having("counts_base_source_n"))
        {
            var builder = Count(document, out _, out _);
            var expected = document.Items("counts_base_source_n").Select(entry => entry.Ints()).ToArray();
            Assert.Equal(expected.Length, builder.Counts.Count);
            Assert.All(expected, entry => Assert.Equal(entry[2], builder.Counts[(entry[1], entry[0])]));
            Assert.Equal(document.Ints("source_to_base"), builder.StatisticsOnly());
            output.WriteLine($"{Path.GetFileName(folder)}: {expected.Length} counts and {builder.StatisticsOnly().Length} images exact");
        }
    }

    [GoldenFact(AlignmentGolden.Area)]
    public void Warping_paths_are_those_of_the_original()
    {
        foreach (var (folder, document) in AlignmentGolden.Having("counts_base_source_n"))
        {
            Count(document, out var source, out var target);
            var warping = new DynamicTimeWarping(new PieceDistance(source, target, decoded: true), TieOrder.FuseChat);
            foreach (var text in document.Items("docs"))
            {
                var path = warping.Align(text.Ints("source_ids"), text.Ints("base_ids"));
                var expected = text.Items("base_to_source").Select(list => list.Ints()).ToArray();
                Assert.All(Enumerable.Range(0, expected.Length), i => Assert.Equal(expected[i], path.SourcesOf(i).ToArray()));
            }

            output.WriteLine($"{Path.GetFileName(folder)}: {document.GetProperty("docs").GetArrayLength()} paths exact");
        }
    }

    [GoldenFact(AlignmentGolden.Area)]
    public void Aligned_candidates_are_those_of_the_original()
    {
        foreach (var (folder, document) in AlignmentGolden.Having("counts_base_source_n"))
        {
            var map = Count(document, out var source, out var target).Build();
            var exact = ExactMap.Build(source, target, mapSpecials: false);
            foreach (var text in document.Items("aligned"))
            {
                Compare(text, "default_matrix", new FuseChatAligner(source, target), map);
                Compare(text, "default_nomatrix", new FuseChatAligner(source, target, FuseChatMatch.Suffix), map);
                Compare(text, "hard", new FuseChatAligner(source, target, FuseChatMatch.Equal), exact);
            }

            output.WriteLine($"{Path.GetFileName(folder)}: {document.GetProperty("aligned").GetArrayLength()} texts in 3 modes: ids exact, probabilities to 1e-6");
        }
    }

    private static StatisticsMapBuilder Count(JsonElement document, out PieceVocabulary source, out PieceVocabulary target)
    {
        source = Vocabulary(document.GetProperty("source"));
        target = Vocabulary(document.GetProperty("base"));
        var builder = new StatisticsMapBuilder(source, target);
        foreach (var text in document.Items("docs"))
        {
            builder.Add(text.Ints("source_ids"), text.Ints("base_ids"));
        }

        return builder;
    }

    private static PieceVocabulary Vocabulary(JsonElement side) => new("", side.Strings("pieces"), side.Strings("decoded"), side.Text("marker"))
    {
        UnknownId = side.Int("unk_id"),
        BosId = side.Int("bos_id"),
        EosId = side.Int("eos_id"),
    };

    private static void Compare(JsonElement text, string member, SequenceAligner sequence, VocabularyMap map)
    {
        var rows = text.Items("source_topk_ids").Zip(text.Items("source_topk_logits"), (ids, values) => (ids.Ints(), values.Floats()));
        var aligned = new DocumentAligner(AlignmentOptions.FuseChat, sequence, map).Align(
            AlignmentGoldenRows.Document(text.Ints("source_ids"), rows), AlignmentGoldenRows.Sequence(text.Ints("base_ids")));
        var expected = text.GetProperty(member);
        AlignmentGoldenRows.Compare(expected.GetProperty("ids"), expected.GetProperty("logits"), aligned, $"{member}: {text.Text("text")}");
    }
}
