namespace Transfuse.Generation.Scores;

/// <summary>Divides the scores.</summary>
internal sealed class Temperature(double temperature) : ScoreProcessor
{
    internal override void Apply(ReadOnlySpan<int> ids, int newTokens, Span<float> scores)
    {
        foreach (ref var score in scores)
        {
            score = (float)(score / temperature);
        }
    }
}
