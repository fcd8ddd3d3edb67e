namespace Transfuse.Tokenization.Unigram;

/// <summary>A unigram language model over pieces (Kudo 2018, arXiv 1804.10959); ids are positions in the list.</summary>
public sealed record UnigramDefinition : ModelDefinition
{
    /// <inheritdoc/>
    public override string Kind => "Unigram";

    /// <summary>Pieces with their log-probabilities (nats).</summary>
    public required IReadOnlyList<(string Piece, double Score)> Pieces { get; init; }

    /// <summary>Id of the unknown piece, or null: unknown characters are then an error.</summary>
    public int? UnknownId { get; init; }

    /// <summary>Whether unknown characters are spelled as bytes <c>&lt;0xHH&gt;</c>.</summary>
    public bool ByteFallback { get; init; }
}
