namespace Transfuse.Generation;

/// <summary>A sequence that beam search found.</summary>
/// <param name="Ids">The new ids, the stop id included.</param>
/// <param name="Score">Sum of the log-probabilities in nats, divided by length^(length penalty).</param>
public sealed record ScoredSequence(int[] Ids, double Score);
