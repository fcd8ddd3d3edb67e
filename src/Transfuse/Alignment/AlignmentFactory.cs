using Transfuse.Errors;
using Transfuse.Tokenization;

namespace Transfuse.Alignment;

/// <summary>Makes the parts that <see cref="AlignmentOptions"/> name.</summary>
public static class AlignmentFactory
{
    /// <summary>Whether a kind of map is counted on a reference text.</summary>
    public static bool NeedsReferenceText(VocabularyMapKind kind) => kind is VocabularyMapKind.Projection or VocabularyMapKind.Statistics;

    /// <summary>Builds the vocabulary map of two tokenizers.</summary>
    /// <param name="options">Says which.</param>
    /// <param name="source">Tokenizer of the source model.</param>
    /// <param name="target">Tokenizer of the target model.</param>
    /// <param name="referenceTexts">Texts to count on, see <see cref="NeedsReferenceText"/>; a few megabytes of the training corpus.</param>
    /// <param name="cancellationToken">Ends the work early.</param>
    /// <exception cref="TransfuseException">The kind is unknown.</exception>
    public static VocabularyMap BuildMap(
        AlignmentOptions options,
        Tokenizer source,
        Tokenizer target,
        IEnumerable<string> referenceTexts,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(referenceTexts);
        switch (options.Vocabulary)
        {
            case VocabularyMapKind.Projection:
                var projection = new ProjectionMapBuilder(source, target);
                foreach (var text in referenceTexts)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    projection.Add(text);
                }

                return projection.Build();
            case VocabularyMapKind.Statistics:
                var statistics = new StatisticsMapBuilder(PieceVocabulary.From(source), PieceVocabulary.From(target));
                foreach (var text in referenceTexts)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    statistics.Add(source.Encode(text).Ids, target.Encode(text).Ids);
                }

                return statistics.Build();
            case VocabularyMapKind.Prefix:
                return PrefixMap.Build(source, target);
            case VocabularyMapKind.Exact:
                return ExactMap.Build(PieceVocabulary.From(source), PieceVocabulary.From(target), options.MapSpecials);
            case VocabularyMapKind.MinEdit:
                return MinEditMap.Build(PieceVocabulary.From(source), PieceVocabulary.From(target), options.MapSpecials, cancellationToken);
            default:
                throw new TransfuseException($"The vocabulary map '{options.Vocabulary}' is unknown.");
        }
    }

    /// <summary>Makes an aligner; one per worker, all over the same map.</summary>
    /// <param name="options">Sequence level and policies.</param>
    /// <param name="source">Tokenizer of the source model.</param>
    /// <param name="target">Tokenizer of the target model.</param>
    /// <param name="map">Vocabulary level.</param>
    /// <exception cref="TransfuseException">The map belongs to other tokenizers, or an option is out of range.</exception>
    public static DocumentAligner CreateAligner(AlignmentOptions options, Tokenizer source, Tokenizer target, VocabularyMap map)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(target);
        ArgumentNullException.ThrowIfNull(map);
        Check("source", map.SourceHash, source.ContentHash);
        Check("target", map.TargetHash, target.ContentHash);
        SequenceAligner sequence = options.Sequence switch
        {
            SequenceAlignmentKind.Boundary => new BoundaryAligner(),
            SequenceAlignmentKind.DtwFuseLlm => new FuseLlmAligner(PieceVocabulary.From(source), PieceVocabulary.From(target), map),
            SequenceAlignmentKind.DtwFuseChat => new FuseChatAligner(
                PieceVocabulary.From(source),
                PieceVocabulary.From(target),
                options.Vocabulary == VocabularyMapKind.Exact ? FuseChatMatch.Equal : FuseChatMatch.SuffixOfSeveral),
            _ => throw new TransfuseException($"The sequence alignment '{options.Sequence}' is unknown."),
        };
        return new DocumentAligner(options, sequence, map);
    }

    private static void Check(string side, string mapHash, string tokenizerHash)
    {
        if (!string.Equals(mapHash, tokenizerHash, StringComparison.Ordinal))
        {
            throw new TransfuseException(
                $"The vocabulary map was built for a {side} tokenizer with the hash {mapHash}, this one has {tokenizerHash}. Build the map again.");
        }
    }
}
