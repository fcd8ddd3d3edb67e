using Transfuse.Fusion;
using Transfuse.Tests.Alignment;
using Transfuse.Tests.Shared;

namespace Transfuse.Tests.Fusion;

public sealed class BlockCrossEntropyTests
{
    [Fact]
    public void A_block_has_the_mean_over_its_tokens_of_their_documents_cross_entropies()
    {
        Assert.Equal([(3 * 1.0 + 2.0) / 4, 2, 2], BlockCrossEntropy.Of([3, 6], [1, 2], 4));
        Assert.Empty(BlockCrossEntropy.Of([], [], 4));
    }

    [GoldenFact(AlignmentGolden.Area)]
    [Trait("Category", "Reference")]
    public void Blocks_are_those_of_the_original_packing()
    {
        var packings = AlignmentGolden.Having("cases").SelectMany(golden => golden.Document.Items("cases"))
            .Where(item => item.TryGetProperty("packed", out _)).ToArray();
        Assert.NotEmpty(packings);
        foreach (var item in packings)
        {
            var (rows, packed) = (item.GetProperty("rows"), item.GetProperty("packed"));
            var documents = rows.Items("input_ids").Select(row => row.Ints()).ToArray();
            foreach (var metric in packed.EnumerateObject().Where(member => member.Name.StartsWith("metric", StringComparison.Ordinal)))
            {
                var metrics = rows.Items(metric.Name).Select(value => value.GetDouble()).ToArray();
                var blocks = BlockCrossEntropy.Of([.. documents.Select(row => row.Length)], metrics, item.Int("block"));
                Assert.Equal(packed.GetProperty("input_ids").GetArrayLength(), blocks.Length);
                Assert.All(blocks.Zip(metric.Value.EnumerateArray()), pair => Assert.Equal(pair.Second.GetDouble(), pair.First, 1e-12));
            }
        }
    }
}
