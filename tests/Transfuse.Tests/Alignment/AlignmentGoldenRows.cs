using System.Text.Json;
using Transfuse.Alignment;
using Transfuse.Distributions;

namespace Transfuse.Tests.Alignment;

/// <summary>Rows of candidates as the goldens hold them: lists of ids and of raw values.</summary>
internal static class AlignmentGoldenRows
{
    private const double Tolerance = 1e-6;

    internal static DocumentDistributions Document(int[] ids, IEnumerable<(int[] Ids, float[] Values)> rows)
    {
        var list = rows.ToArray();
        var starts = new int[list.Length + 1];
        for (var i = 0; i < list.Length; i++)
        {
            starts[i + 1] = starts[i] + list[i].Ids.Length;
        }

        return new DocumentDistributions(
            "golden",
            ids,
            Sequence(ids).Ends,
            new SparseDistributions(starts, [.. list.SelectMany(row => row.Ids)], [.. list.SelectMany(row => row.Values)]),
            new float[ids.Length]);
    }

    /// <summary>A sequence whose byte offsets play no part.</summary>
    internal static TokenSequence Sequence(int[] ids) => new(ids, [.. Enumerable.Range(1, ids.Length)]);

    /// <summary>Ids in order; probabilities against the softmax of the expected values. An expected empty row must be marked as empty.</summary>
    internal static void Compare(JsonElement ids, JsonElement values, AlignedDocument actual, string what)
    {
        Assert.Equal(ids.GetArrayLength(), actual.Count);
        for (var i = 0; i < actual.Count; i++)
        {
            var expectedIds = ids[i].Ints();
            Assert.True(
                expectedIds.AsSpan().SequenceEqual(actual.IdsAt(i)),
                $"'{what}' position {i}: expected [{string.Join(' ', expectedIds)}], got [{string.Join(' ', actual.IdsAt(i).ToArray())}]");
            Assert.Equal(expectedIds.Length == 0, actual.Origins[i] == PositionOrigin.Empty);
            var expected = Softmax(values[i].Floats());
            for (var k = 0; k < expected.Length; k++)
            {
                Assert.Equal(expected[k], actual.ProbabilitiesAt(i)[k], Tolerance);
            }
        }
    }

    private static double[] Softmax(float[] values)
    {
        var weights = values.Select(value => Math.Exp(value - (double)values.Max())).ToArray();
        return [.. weights.Select(weight => weight / weights.Sum())];
    }
}
