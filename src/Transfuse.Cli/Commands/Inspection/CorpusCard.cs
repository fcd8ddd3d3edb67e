using System.Text.Json.Nodes;
using Transfuse.Cli.Output;
using Transfuse.Corpora;

namespace Transfuse.Cli.Commands.Inspection;

/// <summary>A prepared corpus.</summary>
internal static class CorpusCard
{
    internal static Card Of(string folder)
    {
        var corpus = CorpusFile.Open(folder);
        var table = new TextTable("domain", "documents#", "bytes#");
        foreach (var (domain, size) in corpus.Statistics.Domains)
        {
            table.Row(domain, ProgressText.Number(size.Documents), ProgressText.Number(size.Bytes));
        }

        var card = new Card("corpus") { Table = table }
            .Count("documents", "documents", corpus.Statistics.Documents)
            .Bytes("bytes of text", "bytes", corpus.Statistics.Bytes);
        card.Json["domains"] = new JsonObject(corpus.Statistics.Domains.Select(domain => KeyValuePair.Create(
            domain.Key, (JsonNode?)new JsonObject { ["documents"] = domain.Value.Documents, ["bytes"] = domain.Value.Bytes })));
        return card.Fact("hash", "hash", corpus.Hash).Fact("made by", "created_by", corpus.Manifest.CreatedBy);
    }
}
