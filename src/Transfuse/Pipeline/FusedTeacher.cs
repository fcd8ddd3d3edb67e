using System.Text.Json;
using Transfuse.Alignment;
using Transfuse.Artifacts;
using Transfuse.Corpora;
using Transfuse.Diagnostics;
using Transfuse.Distributions;
using Transfuse.Fusion;
using Transfuse.Pipeline.Stages;
using Transfuse.Recipes;
using Transfuse.Tokenization;
using Transfuse.Training;

namespace Transfuse.Pipeline;

/// <summary>
/// The sources as one teacher: their stored distributions are joined to the target's tokens when training begins. Nothing aligned is stored,
/// so a source can be added or a fusion function changed without capturing anything again.
/// </summary>
internal sealed class FusedTeacher
{
    private readonly FusionSection _fusion;
    private readonly IReadOnlyList<AlignmentSection> _alignments;

    internal FusedTeacher(IReadOnlyList<CaptureStage> stores, FusionSection fusion, IReadOnlyList<AlignmentSection> alignments)
    {
        Stores = stores;
        _fusion = fusion;
        _alignments = alignments;
    }

    /// <summary>The sources' distributions.</summary>
    internal IReadOnlyList<CaptureStage> Stores { get; }

    /// <summary>Weight λ of the label term.</summary>
    internal double LabelWeight => _fusion.LabelWeight;

    internal string Describe() => FormattableString.Invariant($"{_fusion} {string.Join(' ', _alignments)}");

    /// <summary>The documents with what the fused sources expect at each of the target's positions; writes <c>fusion.json</c>.</summary>
    internal IReadOnlyList<TrainingDocument> Teach(
        StageContext context, IReadOnlyList<Document> documents, Tokenizer target, int vocabularySize, string folder)
    {
        var readers = Stores.Select(store => DistributionStoreReader.Open(context.Run.At(store.Folder))).ToList();
        try
        {
            var aligners = Stores.Select((store, i) => Aligner(context, documents, store.LoadTokenizer(context.Run), target, _alignments[i])).ToList();
            var fuser = new DocumentFuser(Function(), Measure(), vocabularySize);
            var statistics = new FusionStatistics();
            var taught = new List<TrainingDocument>(documents.Count);
            foreach (var document in documents)
            {
                context.CancellationToken.ThrowIfCancellationRequested();
                var sequence = TokenSequence.From(target.Encode(document.Text));
                var sources = readers.Select((reader, i) =>
                {
                    var source = reader.Read(document.Id);
                    return FusionSource.From(source, aligners[i].Align(source, sequence));
                }).ToList();
                var fused = fuser.Fuse(sources, sequence);
                statistics = statistics.Add(fused.Statistics);
                var ids = TrainingTokens.Of(target, document.Text);
                var rows = Math.Min(ids.Length - 1, fused.Targets.Count);
                taught.Add(new TrainingDocument(ids, fused.Targets.Slice(0, rows).ToSparseTargets()));
                context.Progress.Report(new ProgressEvent("fuse", taught.Count, documents.Count, "documents"));
            }

            WriteStatistics(Path.Combine(folder, "fusion.json"), statistics);
            return taught;
        }
        finally
        {
            readers.ForEach(reader => reader.Dispose());
        }
    }

    private DocumentAligner Aligner(
        StageContext context, IReadOnlyList<Document> documents, Tokenizer source, Tokenizer target, AlignmentSection section)
    {
        var options = new AlignmentOptions
        {
            Sequence = Enum.Parse<SequenceAlignmentKind>(section.Sequence.ToString()),
            Vocabulary = Enum.Parse<VocabularyMapKind>(section.Vocabulary.ToString()),
            Fallback = Enum.Parse<UnalignedFallback>(section.Fallback.ToString()),
            Duplicates = Enum.Parse<DuplicatePolicy>(section.Duplicates.ToString()),
            Rest = Enum.Parse<RestPolicy>(_fusion.Rest.ToString()),
            Temperature = _fusion.Temperature,
            MaximumEntries = section.MaximumEntries,
        };
        var map = AlignmentFactory.BuildMap(options, source, target, documents.Select(document => document.Text), context.CancellationToken);
        return AlignmentFactory.CreateAligner(options, source, target, map);
    }

    private IFusionFunction Function() => _fusion.Function == FusionMode.AvgCe ? new AverageCrossEntropy() : new MinCrossEntropy();

    private CrossEntropyOptions Measure() => new()
    {
        Granularity = Enum.Parse<CrossEntropyGranularity>(_fusion.Granularity.ToString()),
        Unit = Enum.Parse<CrossEntropyUnit>(_fusion.Unit.ToString()),
        WindowBytes = _fusion.WindowBytes,
    };

    private void WriteStatistics(string path, FusionStatistics statistics) => AtomicFile.Write(path, stream =>
    {
        using var writer = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true });
        writer.WriteStartObject();
        writer.WriteNumber("positions", statistics.Positions);
        writer.WriteNumber("fused_share", statistics.FusedShare);
        writer.WriteNumber("mean_rest_mass", statistics.MeanRestMass);
        writer.WriteStartArray("sources");
        for (var i = 0; i < statistics.Sources.Count; i++)
        {
            var source = statistics.Sources[i];
            writer.WriteStartObject();
            writer.WriteString("name", Stores[i].Source);
            writer.WriteNumber("chosen_share", statistics.WinRate(i));
            writer.WriteNumber("aligned_share", source.Alignment.AlignedShare);
            writer.WriteNumber("mean_kept_mass", source.Alignment.MeanKeptMass);
            writer.WriteNumber("mean_unmapped_mass", source.Alignment.MeanUnmappedMass);
            writer.WriteNumber("mean_cross_entropy", source.MeanCrossEntropy);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    });
}
