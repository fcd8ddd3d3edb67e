using System.Text.Json;
using Transfuse.Alignment;
using Transfuse.Fusion;
using Transfuse.Tests.Alignment;

namespace Transfuse.Tests.Fusion;

/// <summary>What the two goldens of fusion share: candidate lists to distributions, comparison with dense rows, and the loss.</summary>
internal static class GoldenFusion
{
    /// <summary>bfloat16 has 8 bits of precision; the original's values are bfloat16.</summary>
    internal const double RelativeTolerance = 1.0 / 256;

    /// <summary>Candidate lists in the target's own vocabulary as the original's collator turns them into distributions.</summary>
    internal static AlignedDocument Collate(JsonElement feature, string logits, string indices, int vocabularySize, double temperature)
    {
        var ids = feature.Ints("input_ids");
        var rows = feature.Items(indices).Zip(feature.Items(logits), (row, values) => (row.Ints(), values.Floats()));
        var identity = VocabularyMap.OneToOne(VocabularyMapKind.Exact, "", "", vocabularySize, [.. Enumerable.Range(0, vocabularySize)]);
        var options = AlignmentOptions.FuseLlmExact with { RoundToBFloat16 = true, Temperature = temperature };
        return new DocumentAligner(options, new BoundaryAligner(), identity)
            .Align(AlignmentGoldenRows.Document(ids, rows), AlignmentGoldenRows.Sequence(ids));
    }

    /// <summary>Compares a position's sparse entries with a dense row and returns the greatest relative difference.</summary>
    internal static double Compare(float[] dense, ReadOnlySpan<int> ids, ReadOnlySpan<float> probabilities, string what)
    {
        var actual = new float[dense.Length];
        for (var k = 0; k < ids.Length; k++)
        {
            actual[ids[k]] += probabilities[k];
        }

        var greatest = 0.0;
        for (var v = 0; v < dense.Length; v++)
        {
            var difference = Math.Abs(actual[v] - (double)dense[v]);
            Assert.True(difference <= RelativeTolerance * dense[v], $"{what} id {v}: expected {dense[v]:R}, got {actual[v]:R}");
            greatest = dense[v] > 0 ? Math.Max(greatest, difference / dense[v]) : greatest;
        }

        return greatest;
    }

    /// <summary>−Σ p·log q of a position, or Σ p·log(p / q), in double precision.</summary>
    internal static double Loss(float[] studentLogits, FusedTargets targets, int position, bool divergence)
    {
        var maximum = studentLogits.Max();
        var normaliser = maximum + Math.Log(studentLogits.Sum(logit => Math.Exp(logit - (double)maximum)));
        var ids = targets.IdsAt(position);
        var probabilities = targets.ProbabilitiesAt(position);
        var loss = 0.0;
        for (var k = 0; k < ids.Length; k++)
        {
            double p = probabilities[k];
            loss -= p * (studentLogits[ids[k]] - normaliser - (divergence && p > 0 ? Math.Log(p) : 0));
        }

        return loss;
    }
}
