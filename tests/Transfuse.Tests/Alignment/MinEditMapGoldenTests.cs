using System.Text.Json;
using Transfuse.Alignment;
using Transfuse.Tests.Shared;
using Xunit.Abstractions;

namespace Transfuse.Tests.Alignment;

[Trait("Category", "Reference")]
public sealed class MinEditMapGoldenTests(ITestOutputHelper output)
{
    [GoldenFact(AlignmentGolden.Area)]
    public void The_map_of_a_small_vocabulary_is_that_of_the_original()
    {
        foreach (var (folder, document) in AlignmentGolden.Having("small"))
        {
            var small = document.GetProperty("small");
            var pieces = small.Strings("base_vocab_in_order");
            var rows = small.Items("rows").ToArray();
            Compare(rows, pieces, small.Text("base_marker"), small.Text("source_marker"));
            output.WriteLine($"{Path.GetFileName(folder)}: {rows.Length} pieces onto {pieces.Length} exact, with their distances");
        }
    }

    [GoldenFact(AlignmentGolden.Area)]
    public void The_map_of_whole_vocabularies_is_that_of_the_original()
    {
        foreach (var (folder, document) in AlignmentGolden.Having("full"))
        {
            var markers = document.GetProperty("markers");
            foreach (var full in document.Items("full"))
            {
                var file = Path.Combine(Golden.Data, "tokenizers", full.Text("base"), "tokenizer.model");
                if (!File.Exists(file))
                {
                    output.WriteLine($"{Path.GetFileName(folder)}: {full.Text("source")} onto {full.Text("base")} not compared, {file} is not here");
                    continue;
                }

                var pieces = SentencePieceFile.Pieces(file);
                var rows = full.Items("rows").ToArray();
                Compare(rows, pieces, markers.Text(full.Text("base")), markers.Text(full.Text("source")));
                output.WriteLine($"{Path.GetFileName(folder)}: {rows.Length} pieces of {full.Text("source")} onto {pieces.Length} exact, with their distances");
            }
        }
    }

    private static void Compare(JsonElement[] rows, string[] targetPieces, string targetMarker, string sourceMarker)
    {
        string[] sourcePieces = [.. rows.Select(row => row[0].GetString()!)];
        var source = new PieceVocabulary("source", sourcePieces, sourcePieces, sourceMarker);
        var target = new PieceVocabulary("base", targetPieces, targetPieces, targetMarker);
        var map = MinEditMap.Build(source, target, mapSpecials: false);
        var distance = new EditDistance();
        for (var i = 0; i < rows.Length; i++)
        {
            var expected = rows[i][2].GetString()!;
            Assert.Equal(expected, targetPieces[map.BestTarget(i)]);
            Assert.Equal(rows[i][3].GetInt32(), distance.Between(rows[i][1].GetString()!, expected));
        }
    }
}
