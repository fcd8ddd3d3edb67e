using System.Globalization;
using System.Text.Json.Nodes;
using Transfuse.Distributions;

namespace Transfuse.Cli.Commands.Inspection;

/// <summary>A distribution store.</summary>
internal static class StoreCard
{
    /// <summary>Kind in the manifest.</summary>
    internal const string Kind = "distributions";

    internal static Card Of(string folder)
    {
        using var store = DistributionStoreReader.Open(folder);
        var bytes = store.Manifest.Files.Sum(file => file.Length);
        var bytesPerToken = store.TokenCount > 0 ? (double)bytes / store.TokenCount : 0;
        var card = new Card(Kind)
            .Count("documents", "documents", store.DocumentIds.Count)
            .Count("tokens", "tokens", store.TokenCount)
            .Bytes("bytes", "bytes", bytes);
        card.Json["bytes_per_token"] = bytesPerToken;
        card.Line("bytes a token", bytesPerToken.ToString("F1", CultureInfo.InvariantCulture))
            .Count("vocabulary", "vocabulary", store.Options.VocabularySize)
            .Count("kept a position", "top_k", store.Options.TopK);
        card.Json["kept_mass"] = store.Options.KeptMass;
        card.Json["inputs"] = new JsonObject { ["model"] = store.Options.ModelHash, ["tokenizer"] = store.Options.TokenizerHash, ["corpus"] = store.Options.CorpusHash };
        return card
            .Line("kept mass", store.Options.KeptMass.ToString("0.####", CultureInfo.InvariantCulture))
            .Line("model", store.Options.ModelHash).Line("tokenizer", store.Options.TokenizerHash).Line("corpus", store.Options.CorpusHash)
            .Fact("made by", "created_by", store.Options.CreatedBy);
    }
}
