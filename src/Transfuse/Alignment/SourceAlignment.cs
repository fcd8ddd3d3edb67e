using Transfuse.Tokenization;

namespace Transfuse.Alignment;

/// <summary>Builds what one source's alignment to a target needs from the options and the two tokenizers.</summary>
public static class SourceAlignment
{
    /// <summary>An aligner for one source.</summary>
    /// <param name="options">Sequence level, vocabulary level and policies.</param>
    /// <param name="source">Tokenizer of the source model.</param>
    /// <param name="target">Tokenizer of the target model.</param>
    /// <param name="reference">Texts that the maps which count (<see cref="VocabularyMapKind.Projection"/>, <see cref="VocabularyMapKind.Statistics"/>)
    /// are counted over; the others do not read them.</param>
    public static DocumentAligner Create(AlignmentOptions options, Tokenizer source, Tokenizer target, IEnumerable<string> reference)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(target);
        ArgumentNullException.ThrowIfNull(reference);
        var map = MapOf(options.Vocabulary, source, target, reference);
        SequenceAligner sequence = options.Sequence switch
        {
            SequenceAlignmentKind.DtwFuseLlm => new FuseLlmAligner(PieceVocabulary.From(source), PieceVocabulary.From(target), map),
            SequenceAlignmentKind.DtwFuseChat => new FuseChatAligner(PieceVocabulary.From(source), PieceVocabulary.From(target)),
            _ => new BoundaryAligner(),
        };
        return new DocumentAligner(options, sequence, map);
    }

    private static VocabularyMap MapOf(VocabularyMapKind kind, Tokenizer source, Tokenizer target, IEnumerable<string> reference)
    {
        switch (kind)
        {
            case VocabularyMapKind.Prefix:
                return PrefixMap.Build(source, target);
            case VocabularyMapKind.Exact:
                return ExactMap.Build(PieceVocabulary.From(source), PieceVocabulary.From(target));
            case VocabularyMapKind.MinEdit:
                return MinEditMap.Build(PieceVocabulary.From(source), PieceVocabulary.From(target));
            case VocabularyMapKind.Statistics:
                var statistics = new StatisticsMapBuilder(PieceVocabulary.From(source), PieceVocabulary.From(target));
                foreach (var text in reference)
                {
                    statistics.Add(source.Encode(text).Ids, target.Encode(text).Ids);
                }

                return statistics.Build();
            default:
                var projection = new ProjectionMapBuilder(source, target);
                foreach (var text in reference)
                {
                    projection.Add(text);
                }

                return projection.Build();
        }
    }
}
