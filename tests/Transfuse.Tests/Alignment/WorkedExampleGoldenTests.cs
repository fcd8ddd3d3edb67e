using System.Text.Json;
using Transfuse.Alignment;
using Transfuse.Tests.Shared;
using Xunit.Abstractions;

namespace Transfuse.Tests.Alignment;

[Trait("Category", "Reference")]
public sealed class WorkedExampleGoldenTests(ITestOutputHelper output)
{
    /// <summary>Probabilities are float32 here, float64 in the golden.</summary>
    private const double Tolerance = 1e-6;

    [GoldenFact(AlignmentGolden.Area)]
    public void Examples_give_what_the_original_gives()
    {
        foreach (var (folder, document) in AlignmentGolden.Having("examples"))
        {
            foreach (var item in document.GetProperty("examples").EnumerateObject())
            {
                Compare(item.Value);
                output.WriteLine($"{Path.GetFileName(folder)} {item.Name}: paths, maps and ids exact in 4 modes, probabilities to {Tolerance:E0}");
            }
        }
    }

    private static void Compare(JsonElement item)
    {
        var example = new WorkedExample(
            item.Strings("base_vocab"), item.Strings("source_vocab"), item.Strings("base"), item.Strings("source"), Rows(item, "rows"));
        CompareMaps(item, example);
        ComparePath(item, "base_to_source", example, TieOrder.FuseLlm, decoded: false);
        ComparePath(item, "FuseChat_base_to_source", example, TieOrder.FuseChat, decoded: true);
        example.Expect(example.Exact(), Rows(item, "EM"), Tolerance);
        example.Expect(example.MinEdit(AlignmentOptions.FuseLlmMinEdit), Rows(item, "MinED"), Tolerance);
        example.Expect(example.FuseChat(), Rows(item, "FuseChat_default_matrix"), Tolerance);
        example.Expect(example.FuseChat(FuseChatMatch.Suffix), Rows(item, "FuseChat_default_nomatrix"), Tolerance);
    }

    private static void CompareMaps(JsonElement item, WorkedExample example)
    {
        var map = MinEditMap.Build(example.Source, example.Target, mapSpecials: false);
        var keys = item.GetProperty("map");
        var statistics = example.Statistics().StatisticsOnly();
        var images = item.GetProperty("FuseChat_map");
        for (var id = 0; id < example.Source.Size; id++)
        {
            Assert.Equal(keys.Text(example.Source.PieceWith(id, example.Target.Marker)!), example.Target.Piece(map.BestTarget(id)));
            Assert.Equal(images.Text(example.Source.Piece(id)!), example.Target.Piece(statistics[id]));
        }
    }

    private static void ComparePath(JsonElement item, string member, WorkedExample example, TieOrder order, bool decoded)
    {
        var warping = new DynamicTimeWarping(new PieceDistance(example.Source, example.Target, decoded), order);
        var path = warping.Align(example.SourceIds, example.TargetIds);
        var expected = item.Items(member).Select(list => list.Ints()).ToArray();
        Assert.Equal(expected.Length, path.Starts.Length - 1);
        Assert.All(Enumerable.Range(0, expected.Length), i => Assert.Equal(expected[i], path.SourcesOf(i).ToArray()));
        if (!decoded)
        {
            Assert.Equal(item.Items("D").Last().Floats()[^1], path.Total);
        }
    }

    private static (string Piece, double Probability)[][] Rows(JsonElement item, string member) =>
        [.. item.Items(member).Select(row => row.EnumerateArray().Select(entry => (entry[0].GetString()!, entry[1].GetDouble())).ToArray())];
}
