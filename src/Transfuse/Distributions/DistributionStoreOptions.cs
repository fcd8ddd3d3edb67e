using System.Globalization;
using Transfuse.Artifacts;
using Transfuse.Errors;

namespace Transfuse.Distributions;

/// <summary>What a distribution store holds: whose distributions, over which text, cut how.</summary>
public sealed record DistributionStoreOptions
{
    /// <summary>Most ids a position may keep.</summary>
    public const int LargestTopK = 4096;

    /// <summary>Largest vocabulary.</summary>
    public const int LargestVocabulary = 1 << 24;

    private const string ModelRole = "model";
    private const string TokenizerRole = "tokenizer";
    private const string CorpusRole = "corpus";
    private const string VocabularyKey = "vocabulary";
    private const string TopKKey = "topK";
    private const string KeptMassKey = "keptMass";

    /// <summary>Content hash of the source model.</summary>
    public required string ModelHash { get; init; }

    /// <summary>Content hash of its tokenizer.</summary>
    public required string TokenizerHash { get; init; }

    /// <summary>Content hash of the corpus.</summary>
    public required string CorpusHash { get; init; }

    /// <summary>Rows of the model's head; ids are below it.</summary>
    public required int VocabularySize { get; init; }

    /// <summary>Most ids kept at a position.</summary>
    public int TopK { get; init; } = 10;

    /// <summary>
    /// A position keeps no more ids than it needs to reach this mass (nucleus cut); 1 keeps <see cref="TopK"/> everywhere.
    /// </summary>
    public double KeptMass { get; init; } = 1;

    /// <summary>Program and version that makes the store.</summary>
    public required string CreatedBy { get; init; }

    /// <exception cref="InvalidOperationException">A value is out of range.</exception>
    internal Manifest ToManifest()
    {
        if (Problem() is { } problem)
        {
            throw new InvalidOperationException(problem);
        }

        var invariant = CultureInfo.InvariantCulture;
        return new Manifest
        {
            Kind = DistributionStoreFormat.Kind,
            FormatVersion = DistributionStoreFormat.Version,
            CreatedBy = CreatedBy,
            Inputs = Manifest.Sorted<string>().Add(ModelRole, ModelHash).Add(TokenizerRole, TokenizerHash).Add(CorpusRole, CorpusHash),
            Parameters = Manifest.Sorted<string>()
                .Add(VocabularyKey, VocabularySize.ToString(invariant))
                .Add(TopKKey, TopK.ToString(invariant))
                .Add(KeptMassKey, KeptMass.ToString("R", invariant)),
        };
    }

    internal static DistributionStoreOptions FromManifest(string path, Manifest manifest)
    {
        string Hash(string role) => manifest.Inputs.GetValueOrDefault(role) ?? throw Bad(path, $"names no {role}");
        string Value(string key) => manifest.Parameters.GetValueOrDefault(key) ?? throw Bad(path, $"has no parameter '{key}'");
        int Number(string key) => int.TryParse(Value(key), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw Bad(path, $"has '{Value(key)}' as '{key}', expected a number");

        var options = new DistributionStoreOptions
        {
            ModelHash = Hash(ModelRole),
            TokenizerHash = Hash(TokenizerRole),
            CorpusHash = Hash(CorpusRole),
            VocabularySize = Number(VocabularyKey),
            TopK = Number(TopKKey),
            KeptMass = double.TryParse(Value(KeptMassKey), NumberStyles.Float, CultureInfo.InvariantCulture, out var mass) ? mass : double.NaN,
            CreatedBy = manifest.CreatedBy,
        };
        return options.Problem() is { } problem ? throw Bad(path, problem) : options;
    }

    private string? Problem() => this switch
    {
        _ when !ContentHash.IsWellFormed(ModelHash) => $"has '{ModelHash}' as the model's hash, expected SHA-256 in hexadecimal",
        _ when !ContentHash.IsWellFormed(TokenizerHash) => $"has '{TokenizerHash}' as the tokenizer's hash, expected SHA-256 in hexadecimal",
        _ when !ContentHash.IsWellFormed(CorpusHash) => $"has '{CorpusHash}' as the corpus's hash, expected SHA-256 in hexadecimal",
        { VocabularySize: < 1 or > LargestVocabulary } => $"has a vocabulary of {VocabularySize}, expected 1 to {LargestVocabulary}",
        _ when TopK < 0 || TopK > Math.Min(LargestTopK, VocabularySize) => $"keeps {TopK} ids, expected 0 to {Math.Min(LargestTopK, VocabularySize)}",
        { KeptMass: > 0 and <= 1 } => null,
        _ => $"keeps the mass {KeptMass}, expected above 0 and at most 1",
    };

    private static ArtifactException Bad(string path, string what) => new(path, $"{what}. The store was altered; capture it again.");
}
