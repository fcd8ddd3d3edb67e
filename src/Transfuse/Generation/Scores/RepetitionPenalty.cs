namespace Transfuse.Generation.Scores;

/// <summary>Divides the positive and multiplies the negative scores of every id that occurs in the sequence (Keskar et al. 2019).</summary>
internal sealed class RepetitionPenalty(double penalty) : ScoreProcessor
{
    internal override void Apply(ReadOnlySpan<int> ids, int newTokens, Span<float> scores)
    {
        var seen = new HashSet<int>();
        foreach (var id in ids)
        {
            if (seen.Add(id) && id < scores.Length)
            {
                scores[id] = (float)(scores[id] < 0 ? scores[id] * penalty : scores[id] / penalty);
            }
        }
    }
}
