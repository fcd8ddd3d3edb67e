using Transfuse.Alignment;
using Transfuse.Tensors.Random;

namespace Transfuse.Tests.Alignment;

public sealed class MinEditMapTests
{
    [Fact]
    public void The_nearest_piece_is_that_of_an_exhaustive_search_ties_to_the_lowest_id()
    {
        var random = new RandomStream(2, "min-edit");
        var source = Vocabulary(random, 150, "Ġ");
        var target = Vocabulary(random, 120, "▁");
        var map = MinEditMap.Build(source, target, mapSpecials: false);
        var distance = new EditDistance();
        for (var id = 0; id < source.Size; id++)
        {
            var piece = source.PieceWith(id, "▁")!;
            var expected = Enumerable.Range(0, target.Size).MinBy(other => (distance.Between(piece, target.Piece(other)!), other));
            Assert.Equal(expected, map.BestTarget(id));
        }
    }

    [Fact]
    public void Specials_are_mapped_by_role_if_asked_for()
    {
        var source = new PieceVocabulary("s", ["<|endoftext|>", "a"], ["", "a"], "Ġ") { BosId = 0, EosId = 0 };
        var target = new PieceVocabulary("t", ["<unk>", "<s>", "</s>", "a"], ["", "", "", "a"], "▁") { BosId = 1, EosId = 2 };
        Assert.Equal(2, MinEditMap.Build(source, target).BestTarget(0));
        Assert.Equal(2, ExactMap.Build(source, target).BestTarget(0));
        Assert.Equal(0, MinEditMap.Build(source, target, mapSpecials: false).BestTarget(0));
        Assert.Equal(-1, ExactMap.Build(source, target, mapSpecials: false).BestTarget(0));
    }

    private static PieceVocabulary Vocabulary(RandomStream random, int size, string marker)
    {
        var pieces = new HashSet<string>(StringComparer.Ordinal);
        while (pieces.Count < size)
        {
            pieces.Add((random.NextInt32(2) == 0 ? marker : "") + string.Concat(
                Enumerable.Range(0, 1 + random.NextInt32(7)).Select(_ => "abcdeé"[random.NextInt32(6)])));
        }

        string[] list = [.. pieces];
        return new PieceVocabulary(marker, list, list, marker);
    }
}
