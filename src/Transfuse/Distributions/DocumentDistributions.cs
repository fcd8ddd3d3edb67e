namespace Transfuse.Distributions;

/// <summary>What one source model says about one document, in its own vocabulary.</summary>
/// <param name="DocumentId">Id of the document in the corpus.</param>
/// <param name="TokenIds">The document as the source tokenises it, BOS included if the source reads one.</param>
/// <param name="TokenEnds">Byte offset in the document's UTF-8 text at which each token ends; 0 for BOS.</param>
/// <param name="Next">At position i the distribution of what follows token i.</param>
/// <param name="GoldLogProbabilities">At position i the log-probability of token i + 1; 0 at the last position.</param>
public sealed record DocumentDistributions(
    string DocumentId, int[] TokenIds, int[] TokenEnds, SparseDistributions Next, float[] GoldLogProbabilities);
