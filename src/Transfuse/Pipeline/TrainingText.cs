using Transfuse.Corpora;

namespace Transfuse.Pipeline;

/// <summary>Which of a run's training texts a model sees.</summary>
/// <param name="IsFusionPart">Whether it sees the part on which the models meet, or the sources' part.</param>
/// <param name="Domain">The domain it sees; null for all.</param>
internal sealed record TrainingText(bool IsFusionPart, string? Domain)
{
    /// <summary>The documents.</summary>
    internal IReadOnlyList<Document> Of(RunCorpus corpus) => RunCorpus.Of(IsFusionPart ? corpus.Fusion : corpus.Sources, Domain);
}
