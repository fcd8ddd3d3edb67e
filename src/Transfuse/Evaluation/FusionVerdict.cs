using System.Globalization;

namespace Transfuse.Evaluation;

/// <summary>What a comparison of models says about the fusion, in words.</summary>
public static class FusionVerdict
{
    /// <summary>One sentence on whether fusion beat training on the text alone, and by how much.</summary>
    public static string Of(IReadOnlyList<DomainScores> rows)
    {
        ArgumentNullException.ThrowIfNull(rows);
        var clm = rows.FirstOrDefault(row => row.Name.EndsWith("/clm", StringComparison.Ordinal));
        var fused = rows.FirstOrDefault(row => row.Name.EndsWith("/fused", StringComparison.Ordinal));
        if (clm is null || fused is null)
        {
            return "Bits per byte of every model on every domain.";
        }

        var change = (clm.Average - fused.Average) / clm.Average * 100;
        return string.Create(
            CultureInfo.InvariantCulture,
            $"Fused: {fused.Average:F4} bits per byte on average, {Math.Abs(change):F2} % {(change >= 0 ? "lower" : "higher")} than the same target trained on the same tokens by CLM only ({clm.Average:F4}).");
    }
}
