using System.Collections.Immutable;
using System.Globalization;
using Transfuse.Artifacts;
using Transfuse.Corpora;
using Transfuse.Errors;
using Transfuse.Recipes;

namespace Transfuse.Pipeline.Stages;

/// <summary>Reads the texts of a recipe and divides them: <c>sources</c>, <c>fusion</c>, <c>validation</c>, <c>test</c>.</summary>
internal sealed class CorpusStage : Stage
{
    private static readonly string[] Parts = ["sources", "fusion", "validation", "test"];
    private readonly CorpusSection _section;
    private readonly PipelineOptions _options;

    internal CorpusStage(CorpusSection section, PipelineOptions options)
    {
        _section = section;
        _options = options;
    }

    internal override string Name => "corpus";

    internal override string Folder => "corpus";

    internal override IReadOnlyList<Stage> Inputs => [];

    // The texts lie outside the run: what was read decides, not what it is called.
    internal override bool IsReproducible => false;

    internal override string Parameters => string.Create(
        CultureInfo.InvariantCulture,
        $"{_section.Source} {string.Join(';', _section.Domains.Select(domain => $"{domain.Name}={string.Join(',', domain.Files)}:{domain.Field}"))} validation {_section.Validation} test {_section.Test} fusion {_section.Fusion} limit {_section.Limit}");

    internal IReadOnlyList<string> Domains => [.. _section.Domains.Select(domain => domain.Name)];

    internal override string ResultKey(RunFolder run) => ContentHash.OfText(string.Concat(
        Parts.Select(part => ContentHash.OfFile(Path.Combine(run.At(Folder), part, Manifest.FileName)))));

    internal RunCorpus Open(RunFolder run) => RunCorpus.Open(run.At(Folder), Domains);

    internal override void Run(StageContext context, string folder)
    {
        var documents = Read(context.CancellationToken).ToList();
        var split = new CorpusSplit(_section.Validation, _section.Test);
        // The fusion part is the upper end of the training part, by the same hash: documents do not wander between parts when fractions change.
        var fusion = _section.Fusion < 1
            ? new CorpusSplit(_section.Fusion * (1 - _section.Validation - _section.Test), _section.Validation + _section.Test)
            : null;
        var training = documents.Where(document => split.PartOf(document) == CorpusPart.Train).ToList();
        Write(folder, "sources", fusion is null ? training : training.Where(document => fusion.PartOf(document) == CorpusPart.Train));
        Write(folder, "fusion", fusion is null ? training : training.Where(document => fusion.PartOf(document) == CorpusPart.Validation));
        Write(folder, "validation", documents.Where(document => split.PartOf(document) == CorpusPart.Validation));
        Write(folder, "test", documents.Where(document => split.PartOf(document) == CorpusPart.Test));
    }

    private IEnumerable<Document> Read(CancellationToken cancellation)
    {
        if (_section.Source == CorpusKind.SdkDocs)
        {
            var all = CorpusReader.Read(new CorpusSource { Kind = CorpusSourceKind.SdkDocs, Paths = _options.SdkPlaces, Domains = Domains }, cancellation);
            return _section.Limit is { } limit ? all.GroupBy(document => document.Domain, StringComparer.Ordinal).SelectMany(domain => domain.Take(limit)) : all;
        }

        return _section.Domains.SelectMany(domain => CorpusReader.Read(
            new CorpusSource
            {
                Kind = CorpusSourceKind.Files,
                Paths = domain.Files,
                BaseFolder = _options.BaseFolder,
                TextField = domain.Field,
                Domain = domain.Name,
                Limit = _section.Limit,
            },
            cancellation).Select(document => document with { Id = $"{domain.Name}/{document.Id}" }));
    }

    private void Write(string folder, string part, IEnumerable<Document> documents)
    {
        var corpus = CorpusFile.Write(
            Path.Combine(folder, part),
            documents,
            new Manifest
            {
                Kind = CorpusFile.Kind,
                FormatVersion = CorpusFile.FormatVersion,
                CreatedBy = _options.CreatedBy,
                Parameters = ImmutableSortedDictionary<string, string>.Empty.Add("part", part),
            });
        foreach (var domain in Domains.Where(domain => corpus.Statistics.Domains.GetValueOrDefault(domain).Documents == 0))
        {
            throw new CorpusException(domain, $"has no document in the part '{part}'. Give the domain more documents, or change corpus.validation, corpus.test and corpus.fusion.");
        }

        if (corpus.Statistics.Documents == 0)
        {
            throw new CorpusException("corpus", $"has no document in the part '{part}'. Give it more documents, or change corpus.validation, corpus.test and corpus.fusion.");
        }
    }
}
