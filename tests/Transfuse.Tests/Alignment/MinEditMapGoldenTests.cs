using Transfuse.Alignment;
using Transfuse.Tests.Shared;
using Xunit.Abstractions;

namespace Transfuse.Tests.Alignment;

[Trait("Category", "Reference")]
public sealed class MinEditMapGoldenTests(ITestOutputHelper output)
{
    [GoldenFact(AlignmentGolden.Area)]
    public void The_map_is_that_of_the_original()
    {
        foreach (var (folder, document) in AlignmentGolden.Having("small"))
        {
            var small = document.GetProperty("small");
            var pieces = small.Strings("base_vocab_in_order");
            var rows = small.Items("rows").ToArray();
            var target = new PieceVocabulary("base", pieces, pieces, small.Text("base_marker"));
            var sourcePieces = rows.Select(row => row[0].GetString()!).ToArray();
            var source = new PieceVocabulary("source", sourcePieces, sourcePieces, small.Text("source_marker"));
            var map = MinEditMap.Build(source, target, mapSpecials: false);
            var distance = new EditDistance();
            for (var i = 0; i < rows.Length; i++)
            {
                var expected = rows[i][2].GetString()!;
                Assert.Equal(expected, pieces[map.BestTarget(i)]);
                Assert.Equal(rows[i][3].GetInt32(), distance.Between(rows[i][1].GetString()!, expected));
            }

            output.WriteLine($"{Path.GetFileName(folder)}: {rows.Length} pieces onto {pieces.Length} exact, with their distances");
        }
    }
}
