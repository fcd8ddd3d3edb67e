using System.Text.Json;
using Transfuse.Alignment;
using Transfuse.Tests.Shared;
using Xunit.Abstractions;

namespace Transfuse.Tests.Alignment;

[Trait("Category", "Reference")]
public sealed class DynamicTimeWarpingGoldenTests(ITestOutputHelper output)
{
    [GoldenFact(AlignmentGolden.Area)]
    public void Paths_of_real_texts_are_those_of_the_original()
    {
        var compared = 0;
        foreach (var (folder, document) in AlignmentGolden.Having("random_segmentations"))
        {
            var markers = document.GetProperty("markers");
            foreach (var item in document.Items("cases"))
            {
                var source = Vocabulary(item, "source", markers.Text(item.Text("source")));
                var target = Vocabulary(item, "base", markers.Text(item.Text("base")));
                Compare(item.GetProperty("fusellm"), source, target, TieOrder.FuseLlm, decoded: false);
                Compare(item.GetProperty("fusechat"), source, target, TieOrder.FuseChat, decoded: true);
                compared++;
            }

            output.WriteLine($"{Path.GetFileName(folder)}: {compared} texts, totals and paths exact in both modes");
        }
    }

    [GoldenFact(AlignmentGolden.Area)]
    public void Ties_are_broken_as_in_the_original()
    {
        foreach (var (folder, document) in AlignmentGolden.Having("random_segmentations"))
        {
            var compared = 0;
            foreach (var item in document.Items("random_segmentations"))
            {
                var (source, target) = (Pieces(item.Strings("source"), "Ġ"), Pieces(item.Strings("base"), "▁"));
                foreach (var (order, member) in new[] { (TieOrder.FuseLlm, "fusellm"), (TieOrder.FuseChat, "fusechat") })
                {
                    var path = Warp(source, target, order, decoded: false);
                    Assert.Equal(item.GetProperty("total").GetDouble(), path.Total);
                    Assert.Equal(Lists(item.GetProperty(member)), Lists(path));
                }

                compared++;
            }

            output.WriteLine($"{Path.GetFileName(folder)}: {compared} random segmentations exact under both tie orders");
        }
    }

    private static void Compare(JsonElement expected, PieceVocabulary source, PieceVocabulary target, TieOrder order, bool decoded)
    {
        var path = Warp(source, target, order, decoded);
        Assert.Equal(expected.GetProperty("total").GetDouble(), path.Total);
        Assert.Equal(Lists(expected.GetProperty("base_to_source")), Lists(path));
    }

    /// <summary>A vocabulary of the case's own tokens: position n of the text is id n.</summary>
    private static PieceVocabulary Vocabulary(JsonElement item, string side, string marker) =>
        new(side, item.Strings($"{side}_pieces"), item.Strings($"{side}_strings"), marker);

    private static PieceVocabulary Pieces(string[] pieces, string marker) => new("", pieces, pieces, marker);

    private static WarpingPath Warp(PieceVocabulary source, PieceVocabulary target, TieOrder order, bool decoded) =>
        new DynamicTimeWarping(new PieceDistance(source, target, decoded), order)
            .Align([.. Enumerable.Range(0, source.Size)], [.. Enumerable.Range(0, target.Size)]);

    private static string Lists(JsonElement lists) => string.Join(' ', lists.EnumerateArray().Select(list => string.Join(',', list.Ints())));

    private static string Lists(WarpingPath path) =>
        string.Join(' ', Enumerable.Range(0, path.Starts.Length - 1).Select(i => string.Join(',', path.SourcesOf(i).ToArray())));
}
